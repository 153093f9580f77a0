import { type Attempt, releaseAttempt, resumeAttempt, signInAttempt } from "../authorization/attempt.ts";
import { clientStillAt, proceed } from "../authorization/consent.ts";
import { errorAnswer } from "../authorization/response.ts";
import { openSession } from "../authorization/session.ts";
import { clientErrorOf } from "../authorization/sign-in.ts";
import { attemptReference, factsOf } from "../clients/request-facts.ts";
import { endpointUrls } from "../messages/endpoint-urls.ts";
import { errorPage } from "../messages/error-page.ts";
import { OAuthError } from "../messages/errors.ts";
import type { Parameters } from "../messages/parameters.ts";
import type { OAuthRequest } from "../messages/request.ts";
import type { OAuthResponse } from "../messages/response.ts";
import { defaultProvider, SignInError } from "../ports.ts";
import type { Transaction } from "../records.ts";
import type { Endpoint, Services } from "../services.ts";
import { hashSecret } from "../tokens/secret.ts";
import type { SecretHash } from "../values.ts";
import { asOAuthError, report } from "./error-response.ts";

/**
 * Where the identity provider sends the browser back to. Takes the transaction off its stage once (C04), has
 * the answer proven, opens the browser's session and goes on. Everything about the client comes from the
 * stored transaction (C05).
 */
export function callbackEndpoint(services: Services): Endpoint {
  return async (request) => {
    checkAnswer(request.query);
    const state = request.query.get("state") ?? "";
    const attempt = resumeAttempt(request, state);
    if (attempt === undefined) throw notThisBrowser("no cookie for this state", hashSecret(state));
    const { clock, store } = services;
    const transaction = await store.claimSignIn(attempt.handleHash, attempt.bindingHash, clock.now());
    if (transaction === undefined) {
      throw notThisBrowser("unknown, expired or used state", attempt.handleHash);
    }
    try {
      return await signedIn(services, request, attempt, transaction);
    } catch (thrown) {
      const error = tell(services, request, attempt, transaction, thrown);
      await store.completeTransaction(attempt.handleHash, clock.now(), {}).catch(() => false); // it expires by itself
      return refuse(services, request, attempt, transaction, error);
    }
  };
}

/**
 * One line in the log with all there is to say, whether the identity provider's answer was at fault or
 * anything else.
 */
function tell(
  services: Services,
  request: OAuthRequest,
  { handleHash }: Attempt,
  { authorization }: Transaction,
  thrown: unknown,
): OAuthError {
  if (thrown instanceof SignInError) {
    services.events.emit({
      name: "sign_in_failed",
      ...factsOf(request, authorization),
      attempt: attemptReference(handleHash),
      account: thrown.account,
      error: thrown.code,
      detail: thrown.message,
      cause: thrown.cause,
    });
    return clientErrorOf(thrown);
  }
  const error = asOAuthError(thrown);
  report(services, request, error, { attempt: handleHash, authorization });
  return error;
}

async function signedIn(
  services: Services,
  request: OAuthRequest,
  attempt: Attempt,
  { authorization, provider: name = defaultProvider }: Transaction,
): Promise<OAuthResponse> {
  const { clock, events, providers, settings, store } = services;
  const provider = providers.find(name);
  if (provider === undefined) {
    throw new SignInError("server_error", `the identity provider ${name} is not configured any more`);
  }
  const callback = new URL(endpointUrls(settings.issuer).callbackOf(name));
  callback.search = request.rawQuery;
  const proven = await provider.completeSignIn(callback, signInAttempt(attempt, "select_account"));
  const { cookie, session } = await openSession(services, request, proven);
  const { subject } = session.account;
  events.emit({
    name: "sign_in",
    request: request.id,
    client: authorization.clientId,
    subject,
    address: request.address,
    attempt: attemptReference(attempt.handleHash),
  });
  const signedIn = {
    subject,
    email: proven.email,
    authTime: session.authTime,
    sessionHash: session.sessionHash,
  };
  const client = await clientStillAt(services, authorization);
  if (!(await store.awaitConsent(attempt.handleHash, signedIn, clock.now()))) {
    throw new OAuthError("access_denied", { hint: "the request expired" });
  }
  return proceed(services, request, {
    attempt,
    client,
    authorization,
    signedIn,
    alwaysAsk: true,
    cookies: [cookie],
  });
}

/**
 * The error goes to the client if it still is registered for the address; otherwise the person reads it here.
 */
async function refuse(
  services: Services,
  request: OAuthRequest,
  attempt: Attempt,
  { authorization }: Transaction,
  error: OAuthError,
): Promise<OAuthResponse> {
  const cookies = [releaseAttempt(attempt)];
  try {
    const client = await clientStillAt(services, authorization);
    return errorAnswer(services, request, client, authorization, error, cookies);
  } catch {
    // The client is not registered for it any more, or the store is down: that is what is being reported
    // already.
    return { ...errorPage(request, error), cookies };
  }
}

/** C-n6, C21: one `state`, and one of `code` and `error`. */
function checkAnswer(query: Parameters): void {
  query.refuseRepeated();
  if (query.get("state") === undefined) throw new OAuthError("invalid_request", { hint: "state is missing" });
  const answers = ["code", "error"].filter((name) => query.get(name) !== undefined);
  if (answers.length !== 1) throw new OAuthError("invalid_request", { hint: "code is missing" });
}

function notThisBrowser(debug: string, attempt: SecretHash): OAuthError {
  return new OAuthError("invalid_grant", {
    hint: "sign-in was not started in this browser, or is over",
    debug,
    attempt,
  });
}
