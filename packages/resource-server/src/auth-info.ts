import type { Protection } from "./options.ts";
import { metadataUrlOf } from "./resource-metadata.ts";
import type { TokenFacts } from "./token-check.ts";

/**
 * Who calls, in the shape of the official MCP SDK's `AuthInfo`: its transports hand it on to the tools as
 * `extra.authInfo`.
 */
export interface AuthInfo {
  /** The access token. It was issued for this server only: never send it on to another one (U10). */
  token: string;
  clientId: string;
  /** What was granted, with all that it implies. */
  scopes: string[];
  /**
   * The person's name. Only where the authorization server is told to say it to this server (`claims`); it
   * proves nothing.
   */
  name?: string;
  /**
   * The person's groups, as their identity provider names them; with several providers `work:admins`. Only
   * where the authorization server is told to say them to this server (`claims`), and only while they are
   * known: missing is not the same as none.
   */
  groups?: string[];
  /** Seconds since 1970. */
  expiresAt: number;
  resource: URL;
  /** Where this server's metadata are: the SDK's own scope challenges (`requireScopes`, v2) name it. */
  resourceMetadataUrl: string;
  extra: {
    /** The person: stable and opaque. Use it as the key. */
    subject: string | undefined;
    /** The person's e-mail address. May change: show it, do not key by it. */
    username: string | undefined;
  };
}

export function authInfoOf(
  token: string,
  facts: TokenFacts,
  { resource }: Pick<Protection, "resource">,
): AuthInfo {
  return {
    token,
    clientId: facts.clientId,
    scopes: [...facts.scopes],
    ...(facts.name !== undefined && { name: facts.name }),
    ...(facts.groups !== undefined && { groups: [...facts.groups] }),
    expiresAt: facts.expiresAt,
    resource: new URL(resource),
    resourceMetadataUrl: metadataUrlOf(resource),
    extra: { subject: facts.subject, username: facts.username },
  };
}
