import type { TokenFacts } from "./judgement.ts";

/** Who calls, in the shape of the official MCP SDK's `AuthInfo`: its transports hand it on to the tools as `extra.authInfo`. */
export interface AuthInfo {
  /** The access token. It was issued for this server only: never send it on to another one (U10). */
  token: string;
  clientId: string;
  /** What was granted, with all that it implies. */
  scopes: string[];
  /** Seconds since 1970. */
  expiresAt: number;
  resource: URL;
  extra: {
    /** The person: stable and opaque. Use it as the key. */
    subject: string | undefined;
    /** The person's e-mail address. May change: show it, do not key by it. */
    username: string | undefined;
  };
}

export function authInfoOf(token: string, facts: TokenFacts, resource: string): AuthInfo {
  return {
    token,
    clientId: facts.clientId,
    scopes: [...facts.scopes],
    expiresAt: facts.expiresAt,
    resource: new URL(resource),
    extra: { subject: facts.subject, username: facts.username },
  };
}
