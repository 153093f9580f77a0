import { bindAttempt, startAttempt } from "../authorization/attempt.ts";
import { isRemembered, proceed } from "../authorization/consent.ts";
import { identifyClient, type ValidRequest, validateRequest } from "../authorization/request.ts";
import { errorAnswer } from "../authorization/response.ts";
import { type LiveSession, readSession } from "../authorization/session.ts";
import { startSignIn } from "../authorization/sign-in.ts";
import { policyOf } from "../clients/policy.ts";
import { OAuthError } from "../messages/errors.ts";
import type { OAuthRequest } from "../messages/request.ts";
import type { OAuthResponse } from "../messages/response.ts";
import type { AuthorizationRequest, Client, SignedIn } from "../records.ts";
import type { Endpoint, Services } from "../services.ts";
import { after } from "../values.ts";
import { asOAuthError, errorPage, report } from "./error-response.ts";

/**
 * The authorization endpoint, OAuth 2.1 §4.1.1. Answers a browser with a redirect: to the identity provider, to the consent page, or back to
 * the client. Until client and redirect URI are known to be right it answers with a page and redirects nowhere.
 */
export function authorizeEndpoint(services: Services): Endpoint {
  return async (http) => {
    const { client, redirectUri } = await identifyClient(services, http);
    try {
      const valid = await validateRequest(services, client, redirectUri, http.query);
      return await authorize(services, http, client, valid);
    } catch (thrown) {
      return refuse(services, http, client, redirectUri, asOAuthError(thrown));
    }
  };
}

async function authorize(
  services: Services,
  http: OAuthRequest,
  client: Client,
  { request, prompt, maxAge }: ValidRequest,
): Promise<OAuthResponse> {
  // The old web client expects the identity provider's account chooser every time (compatibility.md).
  const policy = policyOf(client);
  const session = policy.session === "ignored" ? undefined : await readSession(services, http);
  const fresh = session !== undefined && isFresh(services, session, maxAge);
  if (prompt.has("none")) await answerSilently(services, http, client, request, fresh ? session : undefined);
  const { lifetimes } = services.settings;
  if (session === undefined || !fresh || prompt.has("login") || prompt.has("select_account")) {
    return startSignIn(
      services,
      http,
      request,
      prompt.has("login") || maxAge !== undefined ? "login" : "select_account",
      lifetimes[policy.signInLifetime],
    );
  }
  const { clock, random, settings, store } = services;
  const attempt = startAttempt(random);
  const signedIn = signedInBy(session);
  await store.beginTransaction({
    handleHash: attempt.handleHash,
    bindingHash: attempt.bindingHash,
    request,
    signedIn,
    expiresAt: after(clock.now(), settings.lifetimes.transaction),
  });
  const cookies = bindAttempt(http, attempt, settings.lifetimes.transaction);
  return proceed(services, http, {
    attempt,
    client,
    request,
    signedIn,
    alwaysAsk: prompt.has("consent"),
    cookies,
  });
}

/** `prompt=none` shows nothing: what would need a person is an error (B21, OpenID Connect Core §3.1.2.6). */
async function answerSilently(
  services: Services,
  http: OAuthRequest,
  client: Client,
  request: AuthorizationRequest,
  session: LiveSession | undefined,
): Promise<void> {
  if (session === undefined) throw new OAuthError("login_required", { hint: "nobody is signed in here" });
  if (policyOf(client).consent === "given") return;
  if (!(await isRemembered(services, http, client, request, session.account)))
    throw new OAuthError("consent_required", { hint: "the person has to decide on a page" });
}

function isFresh(services: Services, session: LiveSession, maxAge: number | undefined): boolean {
  return maxAge === undefined || services.clock.now() - session.authTime <= maxAge;
}

function signedInBy({ account, authTime }: LiveSession): SignedIn {
  return { subject: account.subject, email: account.email, authTime };
}

/** An error after client and redirect URI are known. The old web client reads a plain 400 (B26). */
function refuse(
  services: Services,
  http: OAuthRequest,
  client: Client,
  redirectUri: string,
  error: OAuthError,
): OAuthResponse {
  report(services, http, error);
  if (policyOf(client).errors === "shown") return errorPage(http, error);
  return errorAnswer(services, http, client, { redirectUri, state: singleState(http) }, error);
}

/** A repeated `state` is not echoed: neither value may win (B09). */
function singleState(http: OAuthRequest): string | undefined {
  return http.query.repeated().includes("state") ? undefined : http.query.get("state");
}
