import { type Attempt, releaseAttempt, resumeAttempt, signInAttempt } from "../authorization/attempt.ts";
import { clientStillAt, proceed } from "../authorization/consent.ts";
import { lostAttempt } from "../authorization/lost-attempt.ts";
import { rememberProvider } from "../authorization/provider-choice.ts";
import { refusePerson } from "../authorization/refused-person.ts";
import { failureAnswer } from "../authorization/response.ts";
import { openSession } from "../authorization/session.ts";
import { clientErrorOf, startSignIn } from "../authorization/sign-in.ts";
import { traceIdentity, traceSignInFailure } from "../authorization/steps.ts";
import { resumeVisit } from "../authorization/visit.ts";
import { completeVisit } from "../authorization/visit-sign-in.ts";
import { certainName } from "../clients/evidence.ts";
import { policyOf } from "../clients/policy.ts";
import { factsOf } from "../clients/request-facts.ts";
import { endpointUrls } from "../messages/endpoint-urls.ts";
import { errorPage } from "../messages/error-page.ts";
import { OAuthError } from "../messages/errors.ts";
import type { Parameters } from "../messages/parameters.ts";
import { joinAttempt, type OAuthRequest } from "../messages/request.ts";
import type { OAuthResponse } from "../messages/response.ts";
import { type Access, type AuditEvent, defaultProvider, type Identity, SignInError } from "../ports.ts";
import type { Reason, ReasonOf } from "../reason.ts";
import type { SignInChoice, Transaction } from "../records.ts";
import type { Endpoint, Services } from "../services.ts";
import { keptOf } from "../subject.ts";
import { senderOf, traceStep } from "../tracing.ts";
import { asOAuthError, report } from "./error-response.ts";

/**
 * Where an identity provider sends the browser back to: each has a callback of its own. Takes the transaction
 * off its stage once (C04), has the answer proven, opens the browser's session and goes on. Everything about
 * the client comes from the stored transaction (C05).
 * @param name of the provider whose callback it is
 */
export function callbackEndpoint(services: Services, name: string): Endpoint {
  return async (request) => {
    checkAnswer(request.query);
    const state = request.query.get("state") ?? "";
    const visit = resumeVisit(services, request, state);
    if (visit !== undefined) return completeVisit(services, request, visit, name);
    const attempt = resumeAttempt(request, state);
    const { clock, store } = services;
    if (attempt === undefined) {
      throw await lostAttempt(services, request, state, "sign-in", "no cookie for this state");
    }
    const access = services.access();
    const transaction = await store.claimSignIn(attempt.handleHash, attempt.bindingHash, clock.now());
    if (transaction === undefined) {
      throw await lostAttempt(services, request, state, "sign-in", "unknown, expired or used state");
    }
    joinAttempt(request, transaction.authorization);
    traceReturn(services, request, transaction);
    try {
      return await signedIn(services, request, attempt, transaction, name, access);
    } catch (thrown) {
      if (thrown instanceof SignInError && thrown.wantsPerson && transaction.choice !== undefined) {
        return await signInWithPerson(services, request, attempt, transaction, transaction.choice);
      }
      const error = tell(services, request, transaction, thrown);
      await store.completeTransaction(attempt.handleHash, clock.now(), {}).catch(() => false); // it expires by itself
      if (!(thrown instanceof SignInError)) return refuse(services, request, attempt, transaction, error);
      return refuseSignIn(services, request, attempt, transaction, thrown, access);
    }
  };
}

/** The browser that began brings the provider's answer; what that is, without the code. */
function traceReturn(services: Services, request: OAuthRequest, transaction: Transaction): void {
  const { authorization, provider = defaultProvider } = transaction;
  const error = request.query.get("error");
  traceStep(services, request, "browser_returned", {
    client: authorization.clientId,
    facts: {
      provider,
      answer: error === undefined ? "a code" : `the error ${error}`,
      "in its words": request.query.get("error_description"),
      cookie: "that of this attempt",
      ...senderOf(request),
    },
  });
}

/** The provider was asked silently, and wants to see the person: the sign-in begins anew, with them. */
async function signInWithPerson(
  services: Services,
  request: OAuthRequest,
  attempt: Attempt,
  { authorization, provider: name = defaultProvider }: Transaction,
  { prompt }: SignInChoice,
): Promise<OAuthResponse> {
  const { clock, providers, store } = services;
  await store.completeTransaction(attempt.handleHash, clock.now(), {});
  const provider = providers.find(name);
  if (provider === undefined) throw notThisBrowser(`the provider ${name} went away`);
  const client = await clientStillAt(services, authorization);
  const answer = await startSignIn(services, request, client, authorization, { provider }, prompt);
  return { ...answer, cookies: [...(answer.cookies ?? []), releaseAttempt(attempt)] };
}

/**
 * One line in the log with all there is to say, whether the identity provider's answer was at fault or
 * anything else.
 */
function tell(
  services: Services,
  request: OAuthRequest,
  { authorization, provider = defaultProvider }: Transaction,
  thrown: unknown,
): OAuthError {
  if (thrown instanceof SignInError) {
    traceSignInFailure(services, request, provider, thrown);
    services.events.emit({
      name: eventOf(thrown),
      ...factsOf(request, authorization),
      provider,
      account: thrown.account,
      error: thrown.code,
      reason: thrown.logReason,
      detail: thrown.message,
      cause: thrown.cause,
    });
    return clientErrorOf(thrown, provider);
  }
  const error = asOAuthError(thrown);
  report(services, request, error, authorization);
  return error;
}

/** What the account is refused for, what the person wanted, and what somebody has to mend. */
function eventOf({ code, misdirected, reason }: SignInError): AuditEvent["name"] {
  if (code !== "access_denied" || misdirected) return "sign_in_failed";
  // Anybody can bring such an answer to an attempt of their own: no records without bound.
  return isUnnamed(reason) ? "sign_in_cancelled" : "sign_in_denied";
}

/** Whether the provider said no without a word on who it is. */
const isUnnamed = (reason: Reason | undefined): reason is ReasonOf<"cancelled"> | ReasonOf<"turnedAway"> =>
  reason?.key === "cancelled" || reason?.key === "turnedAway";

async function signedIn(
  services: Services,
  request: OAuthRequest,
  attempt: Attempt,
  transaction: Transaction,
  calledBack: string,
  access: Access | undefined,
): Promise<OAuthResponse> {
  const { authorization } = transaction;
  const { clock, events, store } = services;
  const proven = await proveIdentity(services, request, attempt, transaction, calledBack);
  const client = await clientStillAt(services, authorization);
  if (proven.email === "" && policyOf(client).person === "address") throw addressNeeded(proven);
  const { cookie, session } = await openSession(services, request, proven, access);
  const { subject } = session.account;
  traceIdentity(services, request, client.id, proven, session.account);
  events.emit({
    name: "sign_in",
    ...factsOf(request, authorization),
    subject,
    provider: proven.provider,
  });
  const signedIn = {
    subject,
    email: proven.email,
    authTime: session.authTime,
    sessionHash: session.sessionHash,
  };
  if (!(await store.awaitConsent(attempt.handleHash, signedIn, clock.now()))) {
    const { handle } = attempt;
    throw await lostAttempt(services, request, handle, "claimed", "expired while the provider answered");
  }
  return proceed(services, request, {
    attempt,
    client,
    authorization,
    signedIn,
    account: session.account,
    access,
    alwaysAsk: true,
    cookies: [cookie, ...rememberProvider(services, proven.provider)],
  });
}

/**
 * Has the provider prove who it is. An answer at another's callback may be one that an attacker's provider
 * got out of this browser for them: it goes to no token endpoint (V03, RFC 9700 §4.4.2).
 */
async function proveIdentity(
  { providers, settings }: Services,
  request: OAuthRequest,
  attempt: Attempt,
  { provider: name = defaultProvider }: Transaction,
  calledBack: string,
): Promise<Identity> {
  if (name !== calledBack) {
    const message = `the sign-in was begun at the identity provider ${name}, and the answer came to the callback of ${calledBack}`;
    throw new SignInError("server_error", message, { misdirected: true });
  }
  const provider = providers.find(name);
  if (provider === undefined) {
    throw new SignInError("server_error", `the identity provider ${name} is not configured any more`);
  }
  const callback = new URL(endpointUrls(settings.issuer).callbackOf(name));
  callback.search = request.rawQuery;
  return provider.completeSignIn(callback, signInAttempt(attempt, "select_account"));
}

/** V19. LEGACY: clients of the service before us know people by their address. */
function addressNeeded(identity: Identity): SignInError {
  return new SignInError("access_denied", "the account has no address, by which this client knows people", {
    hint: "this account has no e-mail address, which the client needs",
    logReason: "no address",
    accountName: keptOf(identity).name,
  });
}

/**
 * What becomes of a sign-in that failed. An answer of somebody else ends here, and no client hears of it. The
 * person reads why before the client does, and where another account may help, or another try, has that
 * choice (V62, Z05).
 */
async function refuseSignIn(
  services: Services,
  request: OAuthRequest,
  attempt: Attempt,
  transaction: Transaction,
  failure: SignInError,
  access: Access | undefined,
): Promise<OAuthResponse> {
  const cookies = [releaseAttempt(attempt)];
  if (failure.misdirected) {
    const error = new OAuthError("invalid_request", { hint: "the answer is of another identity provider" });
    return { ...errorPage(request, error), cookies };
  }
  const { code, hint, reason } = failure;
  const { authorization, provider = defaultProvider } = transaction;
  if (code !== "access_denied" || reason === undefined) {
    return refuse(services, request, attempt, transaction, clientErrorOf(failure, provider));
  }
  const client = await clientStillAt(services, authorization);
  const title = services.providers.find(provider)?.title;
  const app = certainName(client, authorization.redirectUri);
  return refusePerson(services, request, {
    client,
    authorization,
    person: {
      account: isUnnamed(reason) ? undefined : { email: failure.account, name: failure.accountName },
      provider: title,
    },
    reason: isUnnamed(reason) ? { ...reason, provider: title, app } : reason,
    hint,
    access,
    cookies,
  });
}

/**
 * The person reads the error, and takes it to the client if that still is registered for the address.
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
    return failureAnswer(services, request, client, authorization, error, cookies);
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

function notThisBrowser(debug: string): OAuthError {
  return new OAuthError("invalid_grant", {
    hint: "sign-in was not started in this browser, or is over",
    debug,
  });
}
