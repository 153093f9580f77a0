import { german } from "./words.de.ts";
import { english, type Words } from "./words.ts";

/** The languages the pages are written in, as `lang` and `Content-Language` name them. */
export const catalogues = { en: english, de: german } satisfies Record<string, Words>;
export type Language = keyof typeof catalogues;

/** Ranges of a header that are looked at: nobody speaks more languages. */
const maxRanges = 50;

interface Range {
  /** `de` of `de-AT` and of `de`; or `*`. */
  readonly language: string;
  readonly quality: number;
  readonly position: number;
}

/**
 * The language of a page for whoever sent this `Accept-Language` (RFC 9110 §12.5.4): the one of ours they
 * like best, of equals the one they name first. English when they accept none of ours, or sent nothing that
 * can be understood: a page in a foreign language says more than none.
 */
export function chooseLanguage(acceptLanguage = ""): Language {
  const ranges = acceptLanguage.split(",", maxRanges).flatMap(parseRange).sort(byPreference);
  const accepted = (Object.keys(catalogues) as Language[]).flatMap((language) => {
    const range =
      ranges.find((one) => one.language === language) ?? ranges.find((one) => one.language === "*");
    return range === undefined || range.quality === 0 ? [] : [{ ...range, language }];
  });
  return accepted.sort(byPreference)[0]?.language ?? "en";
}

function byPreference(a: Range, b: Range): number {
  return b.quality - a.quality || a.position - b.position;
}

/** Of a language range with its weight, such as `de-AT;q=0.8`. What is malformed says nothing. */
function parseRange(text: string, position: number): Range[] {
  const [, language, quality = "1"] =
    /^\s*(\*|[a-z]{1,8})(?:-[a-z\d]{1,8})*\s*(?:;\s*q=([01](?:\.\d{0,3})?)\s*)?$/i.exec(text) ?? [];
  return language === undefined || Number(quality) > 1
    ? []
    : [{ language: language.toLowerCase(), quality: Number(quality), position }];
}
