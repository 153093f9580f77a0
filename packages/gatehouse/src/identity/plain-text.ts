import { isStorable, shorten } from "../oauth/text.ts";

/** Characters that are not seen, or turn the text around them (Unicode's Bidi_Control). */
const unseen = /[\p{Cc}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;

const maxLength = 256;

/** V23: a person's name, fit to be kept and shown; `undefined` when there is none. */
export function plainName(name: unknown): string | undefined {
  if (typeof name !== "string") return undefined;
  const plain = name.toWellFormed().replace(unseen, "").trim();
  return shorten(plain, maxLength).trim() || undefined;
}

/**
 * V23: whether a group's name can be kept as it is. It is compared, so nothing is ever taken out of it or cut
 * off: it would become another group's.
 */
export function isPlainGroup(name: string): boolean {
  return name !== "" && isStorable(name) && name.search(unseen) === -1;
}

export const maxGroupLength = maxLength;
