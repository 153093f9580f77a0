import { oneLine } from "./harmless.ts";

/*
 * JSON (RFC 8259) made piece by piece, for what is told at each request: to make an object for
 * `JSON.stringify` takes twice as long.
 */

/** What stands between quotes in JSON as it is, and is harmless. */
const plain = /^[ !#-[\]-~]*$/;

/** Text of a stranger as JSON: made one harmless line, and cut to so many characters. */
export function jsonLine(text: string, maxLength = 200): string {
  const isPlain = text.length <= maxLength && plain.test(text);
  return isPlain ? `"${text}"` : JSON.stringify(oneLine(text, maxLength));
}

/**
 * A member of an object, with the comma before it; empty where there is no value.
 * @param name one that stands in JSON as it is
 * @param json of its value
 */
export const memberOf = (name: string, json: string | undefined): string =>
  json === undefined ? "" : `,"${name}":${json}`;
