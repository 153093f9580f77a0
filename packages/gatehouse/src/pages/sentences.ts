import { Html, html } from "./html.ts";
import { catalogues, type Language } from "./language.ts";
import { inUnits } from "./span.ts";
import type { Words } from "./words.ts";

/*
 * Sentences that whoever runs the server puts in place of ours, by key: `consent.approve`, or
 * `reasons.noAddress.title`. What ours names theirs has to name too, as `{placeholder}`, and it is text,
 * never markup.
 */

/** In place of ours, by language and key. */
export type Sentences = { readonly [L in Language]?: Readonly<Record<string, string>> | undefined };

export interface Replaceable {
  /** What it must name. */
  readonly placeholders: readonly string[];
  /** A title may name less than what follows it. */
  readonly isTitle: boolean;
  /** Nobody misses it. */
  readonly mayBeEmpty: boolean;
}

type Entry = string | ((parameters: never) => unknown);
type Replace = (key: string, entry: Entry) => Entry;

/** Read in mails, which have no pages. */
const notOnPages = new Set<string>(["mail"]);

/** Every sentence that can be replaced, by key; the same in every language. */
export const replaceable: ReadonlyMap<string, Replaceable> = listReplaceable();

/** The catalogue of a language with these sentences in it. */
export function withSentences(language: Language, sentences: Sentences): Words {
  const own = sentences[language] ?? {};
  if (Object.keys(own).length === 0) return catalogues[language];
  return mapEntries(catalogues[language], "", (key, entry) => {
    if (isReason(key)) return replacedReason(language, entry, own[`${key}.title`], own[`${key}.explanation`]);
    const text = own[key];
    return text === undefined ? entry : replacedEntry(language, entry, text);
  }) as Words;
}

function isReason(key: string): boolean {
  return key.startsWith("reasons.");
}

function replacedEntry(language: Language, entry: Entry, text: string): Entry {
  if (typeof entry === "string") return text;
  const ours = entry as (parameters: Given) => unknown;
  return ((parameters: Given) => fill(language, text, parameters) ?? ours(parameters)) as Entry;
}

function replacedReason(
  language: Language,
  entry: Entry,
  title: string | undefined,
  explanation: string | undefined,
): Entry {
  const ours = entry as (parameters: Given) => { title: string; explanation: string };
  if (title === undefined && explanation === undefined) return entry;
  return ((parameters: Given) => {
    const { title: ourTitle, explanation: ourExplanation } = ours(parameters);
    return {
      title: (title && fill(language, title, parameters)) ?? ourTitle,
      explanation: (explanation && fill(language, explanation, parameters)) ?? ourExplanation,
    };
  }) as Entry;
}

type Given = Readonly<Record<string, unknown>>;

/** Text, or a piece of a page where what is put in is one; `undefined`: something named is not known. */
function fill(language: Language, text: string, given: Given): Html | string | undefined {
  const pieces = text
    .split(/\{(\w+)\}/)
    .map((piece, at) => (at % 2 === 0 ? piece : shown(language, piece, given[piece])));
  if (pieces.includes(undefined)) return undefined;
  return pieces.some((piece) => piece instanceof Html)
    ? html`${pieces as readonly (Html | string)[]}`
    : pieces.join("");
}

function shown(language: Language, name: string, value: unknown): Html | string | undefined {
  const locale = language === "en" ? "en-GB" : language;
  if (typeof value === "string" || value instanceof Html) return value;
  if (value instanceof Date) {
    return new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: "UTC" }).format(value);
  }
  if (typeof value === "number") {
    if (name !== "seconds" && name !== "limit") return new Intl.NumberFormat(locale).format(value);
    const { unit, count } = inUnits(Math.abs(value));
    return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" }).format(count);
  }
  if (Array.isArray(value))
    return new Intl.ListFormat(locale, { type: "disjunction" }).format(value.map(String));
  return typeof value === "object" && value !== null && "name" in value ? String(value.name) : undefined;
}

function listReplaceable(): Map<string, Replaceable> {
  const list = new Map<string, Replaceable>();
  mapEntries(catalogues.en, "", (key, entry) => {
    const placeholders = typeof entry === "string" ? [] : parametersOf(entry);
    if (!isReason(key)) list.set(key, { placeholders, isTitle: false, mayBeEmpty: key === "footer" });
    else
      for (const part of ["title", "explanation"])
        list.set(`${key}.${part}`, { placeholders, isTitle: part === "title", mayBeEmpty: false });
    return entry;
  });
  return list;
}

/** What a function takes apart of what it is given, which is the first that it does. */
function parametersOf(entry: Exclude<Entry, string>): string[] {
  const names = new Set<string>();
  const asked = new Proxy({}, { get: (_, name) => void names.add(String(name)) });
  try {
    entry(asked as never);
  } catch {
    // It got nothing, and was only to say what it wants.
  }
  return [...names];
}

/** The same catalogue with each entry replaced; what mails say stays. */
function mapEntries(catalogue: object, prefix: string, replace: Replace): object {
  return Object.fromEntries(
    Object.entries(catalogue).map(([name, value]) => {
      if (prefix === "" && notOnPages.has(name)) return [name, value];
      const key = prefix + name;
      return [name, typeof value === "object" ? mapEntries(value, `${key}.`, replace) : replace(key, value)];
    }),
  );
}
