/*
 * Names as others might read them, from the nearest to the furthest reading: `folded`, `carelessly`,
 * `bareName`.
 */

const plain = /^[\x21-\x40\x5b-\x7e]*$/;
const ascii = /^[\x21-\x7e]*$/;
const invisible = /[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}]/gu;

/**
 * A name as a server might read it that cares little for spelling: trimmed, NFKC-normalised, case-folded
 * and freed of invisible characters. Two names that differ only in these come out the same.
 */
export function folded(name: string): string {
  if (plain.test(name)) return name;
  if (ascii.test(name)) return name.toLowerCase();
  const normalised = name.replace(invisible, "").normalize("NFKC");
  // Up and down again: case folding joins what has one capital, as the long s and the Kelvin sign do.
  const cased = normalised.toUpperCase().toLowerCase().normalize("NFKC");
  return cased.replace(invisible, "").trim();
}

/** As a parser reads it that ignores case, or that takes `resource_subscriptions` for the camel's one. */
export function carelessly(name: string): string {
  const plainly = folded(name);
  return plainly.includes("_") || plainly.includes("-") ? plainly.replace(/[_-]/g, "") : plainly;
}

/**
 * The name of a header field or parameter as the least careful server reads it: CGI and its kin make capitals
 * of it and underscores of all signs.
 */
export function bareName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
}
