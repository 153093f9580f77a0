import { policyOf } from "../clients/policy.ts";
import { endpointUrls } from "../messages/endpoint-urls.ts";
import { OAuthError } from "../messages/errors.ts";
import type { OAuthRequest } from "../messages/request.ts";
import { type OAuthResponse, redirect } from "../messages/response.ts";
import { type SignInAttempt, SignInError } from "../ports.ts";
import type { Reason } from "../reason.ts";
import type { AuthorizationRequest, Client, SignInChoice } from "../records.ts";
import type { Services } from "../services.ts";
import { traceStep } from "../tracing.ts";
import { after, type Seconds } from "../values.ts";
import { type Attempt, bindAttempt, signInAttempt, startAttempt } from "./attempt.ts";
import type { PickedProvider } from "./provider-choice.ts";

/**
 * Sends the browser to an identity provider, in a new transaction bound to this browser (C01, C02). Throws
 * `OAuthError` when the provider cannot be reached.
 * @param prompt `none`: where the provider wants the person all the same, the sign-in begins anew with them
 */
export async function startSignIn(
  services: Services,
  request: OAuthRequest,
  client: Client,
  authorization: AuthorizationRequest,
  { provider, loginHint, why }: PickedProvider,
  prompt: SignInAttempt["prompt"],
): Promise<OAuthResponse> {
  const { clock, random, store } = services;
  const attempt = startAttempt(random);
  const lifetime = signInLifetime(services, client);
  const asked = { ...signInAttempt(attempt, prompt), ...(loginHint === undefined ? {} : { loginHint }) };
  const location = await provider.signInUrl(asked).catch((thrown: unknown) => {
    throw thrown instanceof SignInError ? clientErrorOf(thrown, provider.name) : thrown;
  });
  await store.beginTransaction({
    handleHash: attempt.handleHash,
    bindingHash: attempt.bindingHash,
    authorization,
    provider: provider.name,
    ...(prompt === "none" && { choice: { prompt: "select_account", silent: true } }),
    signedIn: undefined,
    expiresAt: after(clock.now(), lifetime),
  });
  traceStep(services, request, "provider_asked", {
    client: client.id,
    facts: { provider: provider.name, at: location.origin + location.pathname, why, prompt },
  });
  return redirect(request.method, location.href, bindAttempt(request, attempt, lifetime));
}

/** Has the person choose where to sign in, on a page of ours. */
export async function askForProvider(
  services: Services,
  request: OAuthRequest,
  client: Client,
  authorization: AuthorizationRequest,
  choice: SignInChoice,
): Promise<OAuthResponse> {
  const { attempt, lifetime } = await beginChoice(services, client, authorization, choice);
  traceStep(services, request, "provider_choice_shown", {
    client: client.id,
    facts: { providers: choice.providers?.join(" or ") ?? "all" },
  });
  const { signInPath } = endpointUrls(services.settings.issuer);
  const cookies = bindAttempt(request, attempt, lifetime);
  return redirect(request.method, `${signInPath}?transaction=${attempt.handle}`, cookies);
}

/** A transaction in which the person may choose where to sign in, or go back to the client. */
export async function beginChoice(
  services: Services,
  client: Client,
  authorization: AuthorizationRequest,
  choice: SignInChoice,
): Promise<{ readonly attempt: Attempt; readonly lifetime: Seconds }> {
  const { clock, random, store } = services;
  const attempt = startAttempt(random);
  const lifetime = signInLifetime(services, client);
  await store.beginTransaction({
    handleHash: attempt.handleHash,
    bindingHash: attempt.bindingHash,
    authorization,
    choice,
    signedIn: undefined,
    expiresAt: after(clock.now(), lifetime),
  });
  return { attempt, lifetime };
}

/** Seconds within which the person must be back. */
function signInLifetime({ settings }: Services, client: Client): Seconds {
  return settings.lifetimes[policyOf(client).signInLifetime];
}

/**
 * What is told of a failed sign-in (C18, C19): the client the kind and a safe hint, the person why; the rest
 * is for the log.
 */
export function clientErrorOf(
  { code, message, cause, hint, reason, logReason }: SignInError,
  provider: string,
): OAuthError {
  return new OAuthError(code, {
    debug: message,
    cause,
    // That an answer which came by the browser is no use is no failure of this server.
    ...(code === "server_error" && { status: 400 }),
    ...(hint === undefined ? {} : { hint }),
    reason: reason ?? reasonOfCode[code],
    log: { event: "sign_in_failed", provider, reason: logReason },
  });
}

const reasonOfCode: Readonly<Record<SignInError["code"], Reason>> = {
  access_denied: { key: "notSignedIn" },
  server_error: { key: "providerAnswer" },
  temporarily_unavailable: { key: "providerUnreachable" },
};
