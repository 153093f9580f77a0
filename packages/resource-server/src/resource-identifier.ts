/**
 * The form in which resource identifiers are compared (RFC 8707 §2): scheme and host in lower case, no default port, no slash alone as path;
 * path and query to the letter, no prefix match. `undefined` for what is no http(s) URL, or has user info or a fragment.
 */
export function canonicalResource(value: string): string | undefined {
  const found = /^https?:\/\/[^/?#\\@]+(\/[^?#\\]*)?(\?[^#\\]*)?$/i.exec(value);
  if (found === null || !URL.canParse(value)) return undefined;
  const [, path = "", query = ""] = found;
  return new URL(value).origin + (path === "/" ? "" : path) + query;
}
