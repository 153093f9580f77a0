import { OAuthError } from "../messages/errors.ts";
import type { OAuthRequest } from "../messages/request.ts";
import { type OAuthResponse, redirect } from "../messages/response.ts";
import { type IdentityProvider, type SignInAttempt, SignInError } from "../ports.ts";
import type { AuthorizationRequest } from "../records.ts";
import type { Services } from "../services.ts";
import { after } from "../values.ts";
import { bindAttempt, signInAttempt, startAttempt } from "./attempt.ts";

/** The provider to sign in with. */
export function chooseProvider({ providers }: Services): IdentityProvider {
  const [first] = providers.all;
  if (first === undefined) throw new Error("there is no identity provider");
  return first;
}

/**
 * Sends the browser to an identity provider, in a new transaction bound to this browser (C01, C02). Throws
 * `OAuthError` when the provider cannot be reached.
 * @param lifetime seconds within which the person must be back, and decide
 */
export async function startSignIn(
  services: Services,
  request: OAuthRequest,
  provider: IdentityProvider,
  authorization: AuthorizationRequest,
  prompt: SignInAttempt["prompt"],
  lifetime = services.settings.lifetimes.transaction,
): Promise<OAuthResponse> {
  const { clock, random, store } = services;
  const attempt = startAttempt(random);
  const location = await provider.signInUrl(signInAttempt(attempt, prompt)).catch((thrown: unknown) => {
    throw thrown instanceof SignInError ? clientErrorOf(thrown) : thrown;
  });
  await store.beginTransaction({
    handleHash: attempt.handleHash,
    bindingHash: attempt.bindingHash,
    authorization,
    provider: provider.name,
    signedIn: undefined,
    expiresAt: after(clock.now(), lifetime),
  });
  return redirect(request.method, location.href, bindAttempt(request, attempt, lifetime));
}

/**
 * What is told of a failed sign-in (C18, C19): the client the kind and a safe hint, the person why; the rest
 * is for the log.
 */
export function clientErrorOf({ code, message, cause, hint, reason }: SignInError): OAuthError {
  return new OAuthError(code, {
    debug: message,
    cause,
    ...(hint === undefined ? {} : { hint }),
    ...(reason === undefined ? {} : { reason }),
  });
}
