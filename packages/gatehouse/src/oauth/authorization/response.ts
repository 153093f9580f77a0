import { destinationOf } from "../clients/evidence.ts";
import { policyOf } from "../clients/policy.ts";
import { errorPage } from "../messages/error-page.ts";
import type { OAuthError } from "../messages/errors.ts";
import type { OAuthRequest } from "../messages/request.ts";
import { type OAuthResponse, redirect, type SetCookie } from "../messages/response.ts";
import type { Client } from "../records.ts";
import { describeRedirectUri, withParameters } from "../redirects/redirect-uri.ts";
import type { Services } from "../services.ts";
import { startedByClient } from "./navigation.ts";

/** Where an authorization response goes, and the state it carries back. */
export interface Target {
  readonly redirectUri: string;
  readonly state: string | undefined;
}

/** OAuth 2.1 §4.1.2, RFC 9207 §2: `code`, `iss` exactly once, and `state` iff it was sent (B16). */
export function successRedirect(
  request: OAuthRequest,
  issuer: string,
  { redirectUri, state }: Target,
  code: string,
  cookies: readonly SetCookie[],
): OAuthResponse {
  return redirect(request.method, withParameters(redirectUri, { code, state, iss: issuer }), cookies);
}

/** OAuth 2.1 §4.1.2.1: the error to the client's own redirect URI, never with a code (B17). */
export function errorRedirect(
  request: OAuthRequest,
  issuer: string,
  target: Target,
  error: OAuthError,
  cookies: readonly SetCookie[] = [],
): OAuthResponse {
  const answer = redirect(request.method, errorUri(request, issuer, target, error), cookies);
  return { ...answer, error: error.code };
}

/**
 * An error before anybody has seen who asks, and where the answer goes. The operator's clients, known
 * clients' own addresses and programs on this computer get it at once. A browser is not sent to a website
 * that registered itself, or a link to this server would be a link to anywhere: the person sees a page with a
 * link instead (B20), unless that website sent the browser here itself.
 */
export function errorAnswer(
  { settings }: Pick<Services, "settings">,
  request: OAuthRequest,
  client: Client,
  target: Target,
  error: OAuthError,
  cookies: readonly SetCookie[] = [],
): OAuthResponse {
  const { issuer } = settings;
  const { redirectUri } = target;
  if (destinationOf(client, redirectUri) !== "stranger" || startedByClient(request, issuer, redirectUri)) {
    return errorRedirect(request, issuer, target, error, cookies);
  }
  return errorFirst(request, issuer, target, error, false, cookies);
}

/**
 * A sign-in that failed, for a reason that is not in the request: the person reads it, and takes it to the
 * client with one click (Z05). The original's clients are told at once, as they expect.
 */
export function failureAnswer(
  { settings }: Pick<Services, "settings">,
  request: OAuthRequest,
  client: Client,
  target: Target,
  error: OAuthError,
  cookies: readonly SetCookie[] = [],
): OAuthResponse {
  const { issuer } = settings;
  if (policyOf(client).failures === "client") return errorRedirect(request, issuer, target, error, cookies);
  const isVouched = destinationOf(client, target.redirectUri) !== "stranger";
  return { ...errorFirst(request, issuer, target, error, isVouched, cookies), error: error.code };
}

function errorFirst(
  request: OAuthRequest,
  issuer: string,
  target: Target,
  error: OAuthError,
  isVouched: boolean,
  cookies: readonly SetCookie[],
): OAuthResponse {
  const { host } = describeRedirectUri(target.redirectUri);
  const uri = errorUri(request, issuer, target, error);
  return { ...errorPage(request, error, { uri, host, isVouched }), cookies };
}

/**
 * Where an error is told to the client, with the reference under which the log says why: many clients show
 * the description to the person.
 */
function errorUri(
  { id }: Pick<OAuthRequest, "id">,
  issuer: string,
  { redirectUri, state }: Target,
  error: OAuthError,
): string {
  return withParameters(redirectUri, {
    error: error.code,
    error_description: `${error.hint ?? error.code.replaceAll("_", " ")} (reference ${id})`,
    state,
    iss: issuer,
  });
}
