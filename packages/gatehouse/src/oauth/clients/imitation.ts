import { isOwnHost, type KnownClient, knownClients } from "./known-clients.ts";

/*
 * Whether a name or a host wants to be taken for a known client's. Letters that look alike are folded first,
 * so that `Сlaude` with a Cyrillic С, `c1aude` and `ＣＬＡＵＤＥ` all read `claude`. Nothing is refused for it: it
 * colours a page.
 */

/** What a name or host reads like to a person in a hurry: lower-case Latin letters, digits, single spaces. */
function fold(text: string): string {
  return text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[\p{M}\p{DI}]/gu, "")
    .replace(/./gsu, (character) => lookAlikes.get(character) ?? character)
    .replaceAll("rn", "m")
    .replace(/[^a-z0-9]+/g, " ")
    .trim();
}

const lookAlikes = new Map(
  Object.entries({
    a: "аαɑ4",
    b: "вь",
    c: "сϲ",
    d: "ԁđ",
    e: "еεҽ3",
    g: "ɡց",
    h: "һ",
    i: "іιı",
    j: "ј",
    k: "кκ",
    l: "ӏłǀ1|",
    m: "м",
    n: "ո",
    o: "оοօø0",
    p: "рρ",
    q: "ԛ",
    s: "ѕ5",
    t: "тτ7",
    u: "υս",
    v: "νѵ",
    w: "ԝω",
    x: "хχ",
    y: "уγ",
  }).flatMap(([letter, others]) => [...others].map((other) => [other, letter] as const)),
);

/** The known client that a name claims to be. */
export function clientClaimedBy(name: string): KnownClient | undefined {
  return claimant(fold(name));
}

/**
 * The domain that a host looks like but is not, of a known client's maker; where it has none, the client's
 * name.
 */
export function domainImitatedBy(host: string): string | undefined {
  if (knownClients.some((known) => isOwnHost(known, host))) return undefined;
  const folded = fold(host);
  const claimed = claimant(folded);
  if (claimed !== undefined) return claimed.domains?.[0] ?? claimed.name;
  const words = folded.split(" ");
  return allDomains.find((domain) => words.some((word) => isNearly(word, domain.split(".")[0] ?? "")));
}

const allDomains = knownClients.flatMap(({ domains = [] }) => domains);

/** A capital i and a small L look the same, so each is tried for the other. */
function claimant(folded: string): KnownClient | undefined {
  const spellings = [folded, folded.replaceAll("i", "l")];
  return knownClients.find(({ claims }) => spellings.some((spelling) => claims?.test(spelling)));
}

/**
 * Equal, or one letter added, left out, changed or swapped with its neighbour. Short words say too little.
 */
function isNearly(word: string, model: string): boolean {
  if (model.length < 6 || Math.abs(word.length - model.length) > 1) return false;
  let start = 0;
  while (start < model.length && word[start] === model[start]) start++;
  const [left, right] = [word.slice(start), model.slice(start)];
  const swapped = `${right[1] ?? ""}${right[0] ?? ""}${right.slice(2)}`;
  return [left, left.slice(1)].some((rest) => rest === right || rest === right.slice(1)) || left === swapped;
}
