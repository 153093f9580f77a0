/*
 * LEGACY: redirect patterns in the dialect of the service we replace (docs/compatibility.md), as text: `.`
 * and `/` are literal, `*` is any run of characters, every other metacharacter means what it means in RE2.
 * Here a pattern is taken apart into scheme, authority and the rest, and each made an expression of RE2 for
 * itself. `redirect-pattern.ts` matches with them.
 */

export interface Expression {
  readonly schemes: readonly string[];
  /** The authority as the operator wrote it, without its port: what must name the registrable domain. */
  readonly host: string;
  /** Expressions of RE2, of the authority in lower case and of all that follows it. */
  readonly authority: string;
  readonly rest: string;
}

/** Patterns of the later state of the old service's database begin with this; it changes nothing. */
const prefix = /^regexp:/;

const schemePart = /^(https\?|https|http|\((?:\?:)?(?:http\|https|https\|http)\)):(?:\/\/|\\\/\\\/)/;
const port = String.raw`(?:\d+|\\d\+|\\d\{\d(?:,\d?)?\}|\[0-9\]\+|\*)`;
const portPart = new RegExp(String.raw`(?::${port}|\((?:\?:)?:${port}\)\??)$`);
/** In brackets, which otherwise are a class. */
const ipv6 = /^\[(?=[^\]]*:)[0-9a-f:.]+\]/i;
const anyPath = "(?:[/?].*)?";

/** The alternatives of a pattern, each taken apart; `undefined` in the place of one that cannot be. */
export function parsePattern(pattern: string): (Expression | undefined)[] {
  return splitAtBars(pattern.replace(prefix, "")).map(parseAlternative);
}

function parseAlternative(alternative: string): Expression | undefined {
  const text = alternative.replace(/^\^/, "").replace(/(?<!\\)\$$/, "");
  const [whole, scheme] = schemePart.exec(text) ?? [];
  // RE2 takes what stands between \Q and \E to the letter, which would have to be told from all else.
  if (whole === undefined || scheme === undefined || text.includes("\\Q")) return undefined;
  const schemes = scheme === "http" || scheme === "https" ? [scheme] : ["http", "https"];
  const after = text.slice(whole.length);
  const end = endOfAuthority(after);
  if (end === undefined) return undefined;
  if (end < after.length) return expression(schemes, after.slice(0, end), translate(after.slice(end), ".*"));
  // A `*` at the end meant any path; it must not mean any host.
  if (/:\*$/.test(after)) return expression(schemes, after, anyPath);
  return /(?<!\\)\*$/.test(after)
    ? expression(schemes, after.slice(0, -1), anyPath)
    : expression(schemes, after, "");
}

function expression(schemes: readonly string[], authority: string, rest: string): Expression {
  const [address = ""] = ipv6.exec(authority) ?? [];
  // Never over a `:`; the other ends of a host do not stand in one that was taken apart.
  const names = translate(authority.slice(address.length), "[^:]*");
  return {
    schemes,
    host: authority
      .replace(portPart, "")
      .replaceAll(/\\([.-])/g, "$1")
      .toLowerCase(),
    authority: `(?i)${address.replaceAll(/[[\].]/g, "\\$&")}${names}`,
    rest,
  };
}

/** @param run what a `*` stands for */
function translate(text: string, run: string): string {
  let translated = "";
  for (const { character, escaped, inClass } of read(text)) {
    const plain = !escaped && !inClass;
    if (plain && character === ".") translated += "\\.";
    else if (plain && character === "*") translated += run;
    else translated += escaped ? `\\${character}` : character;
  }
  return translated;
}

/**
 * Where the first slash or question mark stands that is no part of a group or class; `undefined` when one is,
 * for then nobody can tell.
 */
function endOfAuthority(text: string): number | undefined {
  for (const { at, character, escaped, inClass, depth } of read(text)) {
    if (character === "/" || (escaped && character === "?")) {
      return depth > 0 || inClass ? undefined : at - (escaped ? 1 : 0);
    }
  }
  return text.length;
}

function splitAtBars(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (const { at, character, escaped, inClass, depth } of read(text)) {
    if (character !== "|" || escaped || inClass || depth > 0) continue;
    parts.push(text.slice(start, at));
    start = at + 1;
  }
  return [...parts, text.slice(start)];
}

interface Read {
  readonly at: number;
  /** Empty behind a backslash at the end. */
  readonly character: string;
  readonly escaped: boolean;
  readonly inClass: boolean;
  /** How many groups it stands in. */
  readonly depth: number;
}

function* read(text: string): Generator<Read> {
  let depth = 0;
  /**
   * Where the class begins that this stands in: a `]` there, or behind a `^` there, is one of its characters.
   */
  let classAt: number | undefined;
  for (let at = 0; at < text.length; at++) {
    const escaped = text[at] === "\\";
    if (escaped) at++;
    const character = text[at] ?? "";
    yield { at, character, escaped, inClass: classAt !== undefined, depth };
    if (escaped) continue;
    if (classAt !== undefined) {
      const first = at === classAt || (at === classAt + 1 && text[classAt] === "^");
      if (character === "]" && !first) classAt = undefined;
    } else if (character === "[") classAt = at + 1;
    else if (character === "(") depth++;
    else if (character === ")") depth--;
  }
}
