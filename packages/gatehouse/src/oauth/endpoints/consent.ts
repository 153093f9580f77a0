import { permitted, refuseAccess } from "../authorization/access.ts";
import {
  type Attempt,
  codeOf,
  consentToken,
  releaseAttempt,
  resumeAttempt,
} from "../authorization/attempt.ts";
import {
  clientStillAt,
  grantCode,
  isMemorable,
  optionalScopes,
  tellOfConsent,
} from "../authorization/consent.ts";
import { lostAttempt } from "../authorization/lost-attempt.ts";
import { choiceFor, eligibleProviders } from "../authorization/provider-choice.ts";
import { errorRedirect, successRedirect } from "../authorization/response.ts";
import { readSession } from "../authorization/session.ts";
import { askForProvider, startSignIn } from "../authorization/sign-in.ts";
import { consentFingerprint, isDocumented } from "../clients/client.ts";
import { certainName, destinationOf, suspicionOf } from "../clients/evidence.ts";
import { endpointUrls } from "../messages/endpoint-urls.ts";
import { OAuthError } from "../messages/errors.ts";
import type { ConsentPage } from "../messages/page.ts";
import type { Parameters } from "../messages/parameters.ts";
import { joinAttempt, type OAuthRequest } from "../messages/request.ts";
import { type OAuthResponse, page, redirect } from "../messages/response.ts";
import { refuseForeignForm } from "../messages/same-origin.ts";
import type { Account, AuthorizationRequest, Client, Consent, SignedIn, Transaction } from "../records.ts";
import { describeRedirectUri } from "../redirects/redirect-uri.ts";
import { offlineAccess, parseScope } from "../scope.ts";
import type { Endpoint, Services } from "../services.ts";
import { equalSecrets, hashSecret } from "../tokens/secret.ts";
import { senderOf, traceStep } from "../tracing.ts";

type AwaitingConsent = Transaction & { readonly signedIn: SignedIn; readonly account: Account };

/** `GET`: the page that asks the person (D04-D07). Changes nothing and grants nothing (D08). */
export function consentPageEndpoint(services: Services): Endpoint {
  return async (request) => {
    const attempt = await attemptOf(services, request, request.query.get("transaction"));
    const transaction = await awaitingConsent(services, request, attempt);
    if (transaction === undefined) throw await lostConsent(services, request, attempt);
    const client = await clientStillAt(services, transaction.authorization);
    const allowed = await withinAccess(services, request, undefined, client, transaction);
    if ("status" in allowed) return allowed;
    traceShown(services, request, client, allowed);
    return page(200, await describe(services, attempt, client, allowed));
  };
}

/**
 * `POST`: the person's decision. Once; a second Approve from the same browser is sent to the same place
 * (D16).
 */
export function consentDecisionEndpoint(services: Services): Endpoint {
  return async (request) => {
    refuseForeignForm(request, endpointUrls(services.settings.issuer).origin);
    const form = request.form;
    if (form === undefined) throw new OAuthError("invalid_request", { hint: "expected a form" });
    form.refuseRepeated();
    const attempt = await attemptOf(services, request, form.get("transaction"));
    if (!equalSecrets(form.get("csrf") ?? "", consentToken(attempt))) throw over("wrong csrf value"); // D08
    const transaction = await awaitingConsent(services, request, attempt);
    switch (form.get("decision")) {
      case "approve":
        return transaction === undefined
          ? repeatAnswer(services, request, attempt)
          : approve(services, request, attempt, transaction, form);
      case "deny":
        return deny(services, request, attempt, transaction);
      case "switch_account":
        return switchAccount(services, request, attempt, transaction);
      default:
        throw new OAuthError("invalid_request", { hint: "decision must be approve or deny" });
    }
  };
}

/**
 * The transaction that waits for this browser's decision, while the session it was opened in lives (D-n6).
 */
async function awaitingConsent(
  services: Services,
  request: OAuthRequest,
  attempt: Attempt,
): Promise<AwaitingConsent | undefined> {
  const { clock, store } = services;
  const transaction = await store.findAwaitingConsent(attempt.handleHash, attempt.bindingHash, clock.now());
  const signedIn = transaction?.signedIn;
  if (transaction === undefined || signedIn === undefined) return undefined;
  joinAttempt(request, transaction.authorization);
  const session = await readSession(services, request);
  // Signing in for another tab renews the session's identifier; what counts is that the same person is still
  // signed in.
  if (session?.account.subject !== signedIn.subject) return undefined;
  return { ...transaction, signedIn, account: session.account };
}

function traceShown(
  services: Services,
  request: OAuthRequest,
  client: Client,
  { authorization, signedIn }: AwaitingConsent,
): void {
  traceStep(services, request, "consent_shown", {
    client: client.id,
    subject: signedIn.subject,
    resource: authorization.resource,
    facts: {
      scope: authorization.scope || "none",
      "vouched for by": vouchedBy(client),
      ...senderOf(request),
    },
  });
}

async function approve(
  services: Services,
  request: OAuthRequest,
  attempt: Attempt,
  transaction: AwaitingConsent,
  form: Parameters,
): Promise<OAuthResponse> {
  const client = await clientStillAt(services, transaction.authorization);
  const allowed = await withinAccess(services, request, attempt, client, transaction);
  if ("status" in allowed) return allowed;
  const { authorization: asked, signedIn } = allowed;
  const optional = await optionalScopes(services, asked);
  if (!isInformed(client, optional, asked, form)) return askAgain(services, request, attempt);
  const authorization = { ...asked, scope: tickedScope(asked.scope, optional, form) };
  const consent: Consent = {
    subject: signedIn.subject,
    clientId: client.id,
    redirectUri: authorization.redirectUri,
    resource: authorization.resource,
    scope: authorization.scope,
    fingerprint: consentFingerprint(client),
    decidedAt: services.clock.now(),
  };
  traceStep(services, request, "consent_approved", {
    subject: signedIn.subject,
    facts: { scope: authorization.scope || "none", ...senderOf(request) },
  });
  const remembered = isMemorable(authorization) ? consent : undefined;
  const answer = await grantCode(services, request, {
    attempt,
    authorization,
    signedIn,
    consent: remembered,
    cookies: [],
  });
  // The other click of a double one was a moment earlier.
  if (answer === undefined) return repeatAnswer(services, request, attempt);
  tellOfConsent(services, request, "consent_approved", authorization, signedIn);
  return answer;
}

/**
 * Changes with everything the page tells: what the client is, what it would be allowed, and what of that is
 * to tick.
 */
function seenOf(client: Client, { scope }: AuthorizationRequest, optional: readonly string[]): string {
  return hashSecret(JSON.stringify([consentFingerprint(client), scope, optional]));
}

/**
 * The transaction with what of its scope the person can have by the rules in force now (V42, V43), or the
 * answer for whom they leave nothing.
 * @param ending the attempt that is over then; `undefined`: none, the page may be asked for again
 */
async function withinAccess(
  services: Services,
  request: OAuthRequest,
  ending: Attempt | undefined,
  client: Client,
  transaction: AwaitingConsent,
): Promise<AwaitingConsent | OAuthResponse> {
  const access = services.access();
  const { authorization, account } = transaction;
  const decision = permitted(access, account, authorization);
  if (decision.allowed) return { ...transaction, authorization: decision.authorization };
  const { reason } = decision;
  return refuseAccess(services, request, {
    access,
    reason,
    ...(ending && { attempt: ending }),
    client,
    authorization,
    account,
    cookies: [],
  });
}

/**
 * Whether client and scope are still what the page told of them, and whether who lets a website in that
 * nobody vouches for has said that they know it: that takes a second click elsewhere on the page, which no
 * stray double click brings.
 */
function isInformed(
  client: Client,
  optional: readonly string[],
  authorization: AuthorizationRequest,
  form: Parameters,
): boolean {
  if (form.get("seen") !== seenOf(client, authorization, optional)) return false;
  return destinationOf(client, authorization.redirectUri) !== "stranger" || form.get("confirmed") === "yes";
}

/** Y19: of the optional scopes those that the person ticked. */
function tickedScope(scope: string, optional: readonly string[], form: Parameters): string {
  return parseScope(scope)
    .filter((name) => !optional.includes(name) || form.get(tickOf(name)) === "yes")
    .join(" ");
}

const tickOf = (scope: string) => `allow:${scope}`;

function askAgain(services: Services, request: OAuthRequest, { handle }: Attempt): OAuthResponse {
  return redirect(
    request.method,
    `${endpointUrls(services.settings.issuer).consentPath}?transaction=${handle}`,
  );
}

/**
 * The browser follows only the second answer of a double click: it is the first one again, with the same
 * code.
 */
async function repeatAnswer(
  services: Services,
  request: OAuthRequest,
  attempt: Attempt,
): Promise<OAuthResponse> {
  const code = codeOf(attempt);
  const found = await services.store.findCode(hashSecret(code));
  if (found === undefined || found.used || found.expiresAt <= services.clock.now())
    throw await lostConsent(services, request, attempt);
  joinAttempt(request, found.authorization);
  await clientStillAt(services, found.authorization);
  return successRedirect(request, services.settings.issuer, found.authorization, code, [
    releaseAttempt(attempt),
  ]);
}

async function deny(
  services: Services,
  request: OAuthRequest,
  attempt: Attempt,
  transaction: AwaitingConsent | undefined,
): Promise<OAuthResponse> {
  const { clock, settings, store } = services;
  if (transaction === undefined || !(await store.completeTransaction(attempt.handleHash, clock.now(), {})))
    throw await lostConsent(services, request, attempt);
  tellOfConsent(services, request, "consent_denied", transaction.authorization, transaction.signedIn);
  await clientStillAt(services, transaction.authorization);
  const { subject } = transaction.signedIn;
  traceStep(services, request, "consent_denied", { subject, facts: senderOf(request) }, "refused");
  const error = new OAuthError("access_denied", { hint: "the person declined" });
  return errorRedirect(request, settings.issuer, transaction.authorization, error, [releaseAttempt(attempt)]);
}

/** Starts over at the identity provider, for the same request: the old attempt ends, a fresh one begins. */
async function switchAccount(
  services: Services,
  request: OAuthRequest,
  attempt: Attempt,
  transaction: AwaitingConsent | undefined,
): Promise<OAuthResponse> {
  const { clock, store } = services;
  if (transaction === undefined || !(await store.completeTransaction(attempt.handleHash, clock.now(), {})))
    throw await lostConsent(services, request, attempt);
  const { authorization } = transaction;
  traceStep(services, request, "account_switched", { facts: senderOf(request) });
  const client = await clientStillAt(services, authorization);
  const choice = choiceFor(services.access(), authorization, "select_account");
  const [only, ...others] = eligibleProviders(services, choice);
  const answer =
    only !== undefined && others.length === 0
      ? await startSignIn(services, request, client, authorization, { provider: only }, choice.prompt)
      : await askForProvider(services, request, client, authorization, choice);
  return { ...answer, cookies: [...(answer.cookies ?? []), releaseAttempt(attempt)] };
}

async function describe(
  services: Services,
  attempt: Attempt,
  client: Client,
  { authorization, signedIn, account }: AwaitingConsent,
): Promise<ConsentPage> {
  const { redirectUri } = authorization;
  const resource =
    authorization.resource === undefined
      ? undefined
      : await services.store.findResource(authorization.resource);
  const scopes = parseScope(authorization.scope).filter((name) => name !== offlineAccess);
  return {
    kind: "consent",
    action: endpointUrls(services.settings.issuer).consentPath,
    transaction: attempt.handle,
    csrf: consentToken(attempt),
    seen: seenOf(client, authorization, await optionalScopes(services, authorization)),
    client: {
      name: client.metadata.name,
      certainName: certainName(client, redirectUri),
      id: client.id,
      vouchedBy: vouchedBy(client),
      homepage: client.metadata.uri,
      policy: client.metadata.policyUri,
      terms: client.metadata.termsUri,
      registeredAt: client.createdAt,
    },
    redirect: {
      uri: redirectUri,
      ...describeRedirectUri(redirectUri),
      destination: destinationOf(client, redirectUri),
    },
    suspicion: suspicionOf(client, redirectUri),
    resource:
      authorization.resource === undefined
        ? undefined
        : { identifier: authorization.resource, name: resource?.name },
    scopes: scopes.map((name) => {
      const declared = resource?.scopes.find((scope) => scope.name === name);
      return {
        name,
        sentence: declared?.sentence,
        declared: declared !== undefined,
        ...(declared?.isOptional && { tick: tickOf(name) }),
      };
    }),
    home: `${services.settings.issuer}/`,
    staysConnected: client.grantTypes.includes("refresh_token"),
    account: { email: signedIn.email, name: account.name },
  };
}

function vouchedBy(client: Client): ConsentPage["client"]["vouchedBy"] {
  if (!client.dynamicallyRegistered) return "operator";
  return isDocumented(client) ? "document" : "self-asserted";
}

async function attemptOf(
  services: Services,
  request: OAuthRequest,
  handle: string | undefined,
): Promise<Attempt> {
  const attempt = resumeAttempt(request, handle);
  if (attempt !== undefined) return attempt;
  throw await lostAttempt(services, request, handle, "consent", "no cookie for this transaction");
}

/** Why there is nothing to decide any more. */
function lostConsent(services: Services, request: OAuthRequest, { handle }: Attempt): Promise<OAuthError> {
  return lostAttempt(services, request, handle, "consent", "no consent is awaited");
}

function over(debug: string): OAuthError {
  const hint = "this page was already answered, has expired, or belongs to another browser";
  return new OAuthError("invalid_grant", { hint, debug });
}
