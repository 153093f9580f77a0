/**
 * The form in which resource identifiers are compared (RFC 8707 §2), the same as the authorization server's:
 * scheme and host in lower case, no default port, no dot after the host, no slash alone as path; path and
 * query to the letter, no prefix match. `undefined` for what is no http(s) URL, or has user info or a
 * fragment.
 */
export function canonicalResource(value: string): string | undefined {
  const found = /^https?:\/\/[^/?#\\@]+(\/[^?#\\]*)?(\?[^#\\]*)?$/i.exec(value);
  if (found === null || !URL.canParse(value)) return undefined;
  const [, path = "", query = ""] = found;
  const { protocol, hostname, port } = new URL(value);
  const host = hostname.replace(/\.+$/, "") + (port && `:${port}`);
  return `${protocol}//${host}${path === "/" ? "" : path}${query}`;
}
