import type { SetCookie } from "../oauth/messages/response.ts";

/** Of ours: what others plant beside them must not crowd them out. The header itself is bounded already. */
const maxCookies = 64;

/**
 * Writes and reads cookies as the issuer's scheme allows: on https with the `__Host-` prefix, which no
 * sibling domain can plant (S-n3).
 */
export interface CookieCodec {
  /**
   * By bare name, in the order sent; of a name sent twice the first. On https, names without the prefix are
   * not looked at.
   */
  parse(header: string | undefined): ReadonlyMap<string, string>;
  /** One `Set-Cookie` line (S05). */
  serialise(cookie: SetCookie): string;
}

const none: ReadonlyMap<string, string> = new Map();

export function createCookieCodec(secure: boolean): CookieCodec {
  const prefix = secure ? "__Host-" : "";
  const attributes = `Path=/; HttpOnly; SameSite=Lax${secure ? "; Secure" : ""}`;
  return {
    parse(header) {
      if (header === undefined) return none;
      const cookies = new Map<string, string>();
      for (const pair of header.split(";")) {
        if (cookies.size === maxCookies) break;
        const equals = pair.indexOf("=");
        const name = pair.slice(0, equals).trim();
        if (equals === -1 || !name.startsWith(prefix)) continue;
        const bare = name.slice(prefix.length);
        if (!cookies.has(bare)) cookies.set(bare, pair.slice(equals + 1).trim());
      }
      return cookies;
    },
    serialise: ({ name, value, maxAge }) => `${prefix}${name}=${value}; Max-Age=${maxAge}; ${attributes}`,
  };
}
