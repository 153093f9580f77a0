import type { Parameters } from "../messages/parameters.ts";
import type { OAuthRequest } from "../messages/request.ts";
import type { Client } from "../records.ts";
import type { Services } from "../services.ts";

/** The members of a successful token response (OAuth 2.1 §3.2.3), in the order they are sent. */
export interface TokenResponse {
  readonly access_token: string;
  readonly token_type: "Bearer";
  /** Seconds. */
  readonly expires_in: number;
  readonly refresh_token?: string;
  readonly scope?: string;
}

/**
 * One way of getting a token, in two steps: what the form names is looked up while the client still
 * authenticates, which saves a trip to the store; the second step is told who the client is, once it is
 * authenticated and registered for this grant type. Only the second throws `OAuthError`, so that what is
 * wrong with the client is told first, as the RFC has it.
 */
export type GrantType = (services: Services, request: OAuthRequest, form: Parameters) => Respond;
export type Respond = (client: Client) => Promise<TokenResponse>;

/** A look-up whose result may never be asked for: that it failed is told to nobody but who asks. */
export function lookedUpEarly<T>(lookup: Promise<T>): Promise<T> {
  lookup.catch(() => undefined);
  return lookup;
}

/** The `scope` member: always there, unless nothing was granted (the ABNF knows no empty scope). */
export function scopeMember(scope: string): { scope?: string } {
  return scope === "" ? {} : { scope };
}
