import { endpointUrls } from "../messages/endpoint-urls.ts";
import { errorPage } from "../messages/error-page.ts";
import { OAuthError } from "../messages/errors.ts";
import type { OAuthRequest } from "../messages/request.ts";
import { type OAuthResponse, redirect } from "../messages/response.ts";
import { type Identity, SignInError } from "../ports.ts";
import type { Services } from "../services.ts";
import { isAdministrator } from "./administrator.ts";
import { type Attempt, signInAttempt } from "./attempt.ts";
import { provenAt, rememberPresence } from "./presence.ts";
import { rememberProvider } from "./provider-choice.ts";
import { type LiveSession, openSession } from "./session.ts";
import { clientErrorOf } from "./sign-in.ts";
import { traceIdentity, traceSignInFailure } from "./steps.ts";
import { releaseVisit, type Visit } from "./visit.ts";

/**
 * The person is back from the provider, and no client waits: the browser's session is opened, and they go on
 * to where they were. One that fails ends on a page.
 * @param calledBack the name of the provider whose callback it is
 */
export async function completeVisit(
  services: Services,
  request: OAuthRequest,
  { visit, attempt }: { readonly visit: Visit; readonly attempt: Attempt },
  calledBack: string,
): Promise<OAuthResponse> {
  const { clock, events } = services;
  try {
    const identity = await prove(services, request, visit, attempt, calledBack);
    const { session, cookie } = await openSession(services, request, identity, services.access());
    const { subject } = session.account;
    traceIdentity(services, request, undefined, identity, session.account);
    const { provider } = identity;
    events.emit({ name: "sign_in", request: request.id, subject, provider, address: request.address });
    if (isForConsole(services, request, visit, session)) {
      const actor = { kind: "operator", id: subject, how: "console" } as const;
      events.emit({ name: "console_entered", request: request.id, actor, subject, address: request.address });
    }
    return redirect(request.method, visit.returnTo, [
      cookie,
      rememberPresence(services, session, provenAt(identity, visit, clock.now())),
      ...rememberProvider(services, provider),
      releaseVisit(attempt),
    ]);
  } catch (thrown) {
    if (!(thrown instanceof SignInError)) throw thrown;
    traceSignInFailure(services, request, visit.provider, thrown);
    events.emit({
      name: "sign_in_failed",
      request: request.id,
      address: request.address,
      userAgent: request.headers.userAgent,
      provider: visit.provider,
      account: thrown.account,
      error: thrown.code,
      reason: thrown.logReason,
      detail: thrown.message,
      cause: thrown.cause,
    });
    return { ...errorPage(request, clientErrorOf(thrown, visit.provider)), cookies: [releaseVisit(attempt)] };
  }
}

/** Whether an administrator showed that it is them, for the console. */
function isForConsole(
  services: Services,
  request: OAuthRequest,
  { prompt, returnTo }: Visit,
  session: LiveSession,
): boolean {
  const { consolePath } = endpointUrls(services.settings.issuer);
  if (prompt !== "login" || !returnTo.startsWith(consolePath)) return false;
  return isAdministrator(services, request, session);
}

/** As for a client: an answer at another provider's callback goes to no token endpoint (V03). */
async function prove(
  { providers, settings }: Services,
  request: OAuthRequest,
  { provider: name, prompt }: Visit,
  attempt: Attempt,
  calledBack: string,
): Promise<Identity> {
  if (name !== calledBack) {
    throw new OAuthError("invalid_request", { hint: "the answer is of another identity provider" });
  }
  const provider = providers.find(name);
  if (provider === undefined) {
    throw new SignInError("server_error", `the identity provider ${name} is not configured any more`);
  }
  const callback = new URL(endpointUrls(settings.issuer).callbackOf(name));
  callback.search = request.rawQuery;
  return provider.completeSignIn(callback, signInAttempt(attempt, prompt));
}
