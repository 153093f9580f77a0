import { permitted } from "../authorization/access.ts";
import { bindAttempt, startAttempt } from "../authorization/attempt.ts";
import { isGiven, isRemembered, proceed } from "../authorization/consent.ts";
import { choiceFor, eligibleProviders, pickProvider } from "../authorization/provider-choice.ts";
import { identifyClient, type ValidRequest, validateRequest } from "../authorization/request.ts";
import { errorAnswer, failureAnswer } from "../authorization/response.ts";
import { type LiveSession, readSession } from "../authorization/session.ts";
import { askForProvider, startSignIn } from "../authorization/sign-in.ts";
import { traceAuthorization } from "../authorization/steps.ts";
import { policyOf } from "../clients/policy.ts";
import { isConfirmationDue } from "../grants/confirmation.ts";
import { errorPage } from "../messages/error-page.ts";
import { OAuthError } from "../messages/errors.ts";
import type { OAuthRequest } from "../messages/request.ts";
import type { OAuthResponse } from "../messages/response.ts";
import type { Access } from "../ports.ts";
import type { Account, AuthorizationRequest, Client, SignedIn, SignInChoice } from "../records.ts";
import type { Endpoint, Services } from "../services.ts";
import { traceStep } from "../tracing.ts";
import { after } from "../values.ts";
import { asOAuthError, report } from "./error-response.ts";

/**
 * The authorization endpoint, OAuth 2.1 §4.1.1. Answers a browser with a redirect: to the identity provider,
 * to the consent page, or back to the client. Until client and redirect URI are known to be right it answers
 * with a page and redirects nowhere.
 */
export function authorizeEndpoint(services: Services): Endpoint {
  return async (request) => {
    const { client, redirectUri } = await identifyClient(services, request);
    try {
      const valid = await validateRequest(services, client, redirectUri, request);
      traceAuthorization(services, request, client, valid.authorization);
      return await authorize(services, request, client, valid);
    } catch (thrown) {
      return refuse(services, request, client, redirectUri, asOAuthError(thrown));
    }
  };
}

async function authorize(
  services: Services,
  request: OAuthRequest,
  client: Client,
  { authorization, prompt, maxAge }: ValidRequest,
): Promise<OAuthResponse> {
  // The old web client expects the identity provider's account chooser every time (compatibility.md).
  const policy = policyOf(client);
  const session = policy.session === "ignored" ? undefined : await readSession(services, request);
  const access = services.access();
  const choice = choiceFor(access, authorization, upstreamPrompt(prompt, maxAge));
  const serves = session !== undefined && isEligible(services, session, choice);
  const due = serves && isConfirmationDue(services, session.account);
  const fresh = serves && !due && isFresh(services, session, maxAge);
  if (prompt.has("none"))
    await answerSilently(services, request, client, authorization, fresh ? session : undefined, access);
  const asked = prompt.has("login") || prompt.has("select_account");
  // Who has to sign in otherwise than they did reads so.
  if (session !== undefined && !serves && !asked && choice.providers !== undefined) {
    return askForProvider(services, request, client, authorization, choice);
  }
  if (due && !asked && maxAge === undefined) {
    return confirmSilently(services, request, client, authorization, session.account);
  }
  if (session === undefined || !fresh || asked) {
    const why = whySignIn(prompt, session, serves);
    return signIn(services, request, client, authorization, choice, prompt.has("select_account"), why);
  }
  const { clock, random, settings, store } = services;
  const attempt = startAttempt(random);
  const signedIn = signedInBy(session);
  traceSession(services, request, session);
  await store.beginTransaction({
    handleHash: attempt.handleHash,
    bindingHash: attempt.bindingHash,
    authorization,
    signedIn,
    expiresAt: after(clock.now(), settings.lifetimes.transaction),
  });
  const cookies = bindAttempt(request, attempt, settings.lifetimes.transaction);
  return proceed(services, request, {
    attempt,
    client,
    authorization,
    signedIn,
    account: session.account,
    access,
    alwaysAsk: prompt.has("consent"),
    cookies,
  });
}

/**
 * The person is signed in here, but their provider has not confirmed them for too long (V55): it is asked
 * without showing anything, where most still know the browser.
 */
async function confirmSilently(
  services: Services,
  request: OAuthRequest,
  client: Client,
  authorization: AuthorizationRequest,
  account: Account,
): Promise<OAuthResponse> {
  const provider = services.providers.find(account.provider);
  if (provider === undefined) throw new Error(`the provider ${account.provider} went away`);
  const loginHint = account.email === "" ? {} : { loginHint: account.email };
  const why = "the provider has to confirm the person again (revalidate)";
  return startSignIn(services, request, client, authorization, { provider, why, ...loginHint }, "none");
}

/** At the provider that the request picks, or the one that the person chooses (V05, V06). */
async function signIn(
  services: Services,
  request: OAuthRequest,
  client: Client,
  authorization: AuthorizationRequest,
  choice: SignInChoice,
  choosesAccount: boolean,
  why: string,
): Promise<OAuthResponse> {
  const eligible = eligibleProviders(services, choice);
  const picked = choosesAccount && eligible.length > 1 ? undefined : pickProvider(eligible, request.query);
  return picked === undefined
    ? askForProvider(services, request, client, authorization, choice)
    : startSignIn(services, request, client, authorization, { ...picked, why }, choice.prompt);
}

/** Why somebody has to sign in, for the trace. */
function whySignIn(
  prompt: ValidRequest["prompt"],
  session: LiveSession | undefined,
  serves: boolean,
): string {
  if (session === undefined) return "nobody is signed in here in this browser";
  if (prompt.has("login") || prompt.has("select_account")) return "the app asked for it by prompt";
  if (!serves) return "the person is signed in through a provider that does not do for this resource";
  return "the sign-in is longer ago than the app's max_age allows, or its provider has to confirm it";
}

function upstreamPrompt(
  prompt: ValidRequest["prompt"],
  maxAge: ValidRequest["maxAge"],
): SignInChoice["prompt"] {
  return prompt.has("login") || maxAge !== undefined ? "login" : "select_account";
}

/** V46: a session made through a provider that does not do for this resource does not serve it. */
function isEligible(services: Services, { account }: LiveSession, choice: SignInChoice): boolean {
  return eligibleProviders(services, choice).some(({ name }) => name === account.provider);
}

/** `prompt=none` shows nothing: what would need a person is an error (B21, OpenID Connect Core §3.1.2.6). */
async function answerSilently(
  services: Services,
  request: OAuthRequest,
  client: Client,
  authorization: AuthorizationRequest,
  session: LiveSession | undefined,
  access: Access | undefined,
): Promise<void> {
  if (session === undefined) throw new OAuthError("login_required", { hint: "nobody is signed in here" });
  const decision = permitted(access, session.account, authorization);
  if (!decision.allowed) throw new OAuthError("access_denied", { hint: "the person has no access to this" });
  if (await isGiven(services, client, decision.authorization)) return;
  if (!(await isRemembered(services, request, client, decision.authorization, session.account)))
    throw new OAuthError("consent_required", { hint: "the person has to decide on a page" });
}

function isFresh(services: Services, session: LiveSession, maxAge: number | undefined): boolean {
  return maxAge === undefined || services.clock.now() - session.authTime <= maxAge;
}

/** Nobody has to sign in: the browser's session is good for this. */
function traceSession(services: Services, request: OAuthRequest, { account, authTime }: LiveSession): void {
  const age = services.clock.now() - authTime;
  const facts = { provider: account.provider, "signed in": `${age} s ago` };
  traceStep(services, request, "session_used", { subject: account.subject, facts });
}

function signedInBy({ account, authTime }: LiveSession): SignedIn {
  return { subject: account.subject, email: account.email, authTime };
}

/** An error after client and redirect URI are known. The old web client reads a plain 400 (B26). */
function refuse(
  services: Services,
  request: OAuthRequest,
  client: Client,
  redirectUri: string,
  error: OAuthError,
): OAuthResponse {
  report(services, request, error);
  if (policyOf(client).errors === "shown") return errorPage(request, error);
  const target = { redirectUri, state: singleState(request) };
  return error.status >= 500 && !isSilent(request)
    ? failureAnswer(services, request, client, target, error)
    : errorAnswer(services, request, client, target, error);
}

/** `prompt=none`, however it is written: nobody looks at a page (B21). */
const isSilent = ({ query }: OAuthRequest) =>
  query.all("prompt").some((prompt) => prompt.split(" ").includes("none"));

/** A repeated `state` is not echoed: neither value may win (B09). */
function singleState(request: OAuthRequest): string | undefined {
  return request.query.repeated().includes("state") ? undefined : request.query.get("state");
}
