/*
 * The one rule for text that strangers send: what comes in is Unicode that every store keeps as it is.
 * Queries and forms are held to it where they are decoded (`parameters.ts`), JSON where it is parsed
 * (`json-object.ts`), names inside a JWT where they are read (`client-assertion.ts`).
 */

/** Whether every store keeps the text faithfully: no NUL, no half of a surrogate pair (T-n4). */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0");
}

/**
 * The text without what is not seen, or turns its surroundings: control and formatting characters, and halves
 * of a pair.
 */
export function plainText(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, "").trim();
}

const graphemes = new Intl.Segmenter("en");

/**
 * The text, or as many whole characters of its beginning as fit into `maxLength` UTF-16 units: an emoji, or a
 * letter with its accents, that straddles the end goes as a whole.
 */
export function shorten(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  // Two more units tell whether a character goes on after the end.
  return text.slice(0, graphemes.segment(text.slice(0, maxLength + 2)).containing(maxLength)?.index ?? 0);
}
