import type { OAuthRequest } from "../messages/http.ts";
import type { Parameters } from "../messages/parameters.ts";
import type { Client } from "../records.ts";
import type { Context } from "../services.ts";

/** The members of a successful token response (OAuth 2.1 §3.2.3), in the order they are sent. */
export interface TokenResponse {
  readonly access_token: string;
  readonly token_type: "Bearer";
  /** Seconds. */
  readonly expires_in: number;
  readonly refresh_token?: string;
  readonly scope?: string;
}

/** One way of getting a token. Throws `OAuthError`; the client is authenticated and registered for it. */
export type GrantType = (
  context: Context,
  request: OAuthRequest,
  client: Client,
  form: Parameters,
) => Promise<TokenResponse>;

/** The `scope` member: always there, unless nothing was granted (the ABNF knows no empty scope). */
export function scopeMember(scope: string): { scope?: string } {
  return scope === "" ? {} : { scope };
}
