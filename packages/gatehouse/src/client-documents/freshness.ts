/**
 * Seconds an answer may be kept, by its own word (RFC 9111 §4.2.1, §5.2.2): 0 when it must not be,
 * `undefined` when it does not say.
 * @param now milliseconds since 1970, for answers without a date
 */
export function maxAgeOf(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  now: number,
): number | undefined {
  const directives = String(headers["cache-control"] ?? "").toLowerCase();
  if (/\bno-(?:store|cache)\b/.test(directives)) return 0;
  const [, age] = /\bmax-age="?(\d{1,10})\b/.exec(directives) ?? [];
  if (age !== undefined) return Number(age);
  const expires = headers.expires;
  if (expires === undefined) return undefined;
  // What is no date, such as `0`, has expired.
  const left = (Date.parse(String(expires)) - (Date.parse(String(headers.date)) || now)) / 1000;
  return Number.isFinite(left) ? Math.max(0, Math.floor(left)) : 0;
}
