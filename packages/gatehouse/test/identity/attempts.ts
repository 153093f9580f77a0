import { randomBytes } from "node:crypto";
import type { OpenIdOptions } from "../../src/identity/openid/options.ts";
import { createOpenIdProvider } from "../../src/identity/openid/provider.ts";
import { signInAttempt, startAttempt } from "../../src/oauth/authorization/attempt.ts";
import {
  defaultProvider,
  type IdentityProvider,
  type SignInAttempt,
  SignInError,
} from "../../src/oauth/ports.ts";

export const callbackUrl = "http://localhost:8080/callback";

/** A fresh attempt, as the protocol core makes them. */
export function anAttempt(prompt: SignInAttempt["prompt"] = "select_account"): SignInAttempt {
  return signInAttempt(startAttempt({ bytes: randomBytes }), prompt);
}

/** The provider under test, towards a test's upstream: the one of the variables unless told otherwise. */
export function providerOf(
  upstream: Pick<OpenIdOptions, "issuer" | "clientId" | "clientSecret">,
  options: Partial<OpenIdOptions> = {},
): IdentityProvider {
  const { issuer, clientId, clientSecret } = upstream;
  return createOpenIdProvider({
    name: defaultProvider,
    title: "Test",
    issuer,
    clientId,
    clientSecret,
    callbackUrl,
    ofVariables: true,
    ...options,
  });
}

/** Our callback as the identity provider sends the browser to it. */
export function callback(attempt: SignInAttempt, answer: Record<string, string> = { code: "the-code" }): URL {
  return new URL(`${callbackUrl}?${new URLSearchParams({ state: attempt.state, ...answer })}`);
}

/** How a sign-in failed. */
export async function failureOf(signIn: Promise<unknown>): Promise<SignInError> {
  const outcome = await signIn.catch((error: unknown) => error);
  if (outcome instanceof SignInError) return outcome;
  throw new Error(`expected a failed sign-in, not ${JSON.stringify(outcome)}`, { cause: outcome });
}
