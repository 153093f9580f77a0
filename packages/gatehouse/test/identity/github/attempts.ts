import { randomBytes } from "node:crypto";
import {
  createGithubProvider,
  type GithubOptions,
  type GithubProvider,
} from "../../../src/identity/github/provider.ts";
import { signInAttempt, startAttempt } from "../../../src/oauth/authorization/attempt.ts";
import type { Identity, SignInAttempt } from "../../../src/oauth/ports.ts";
import type { Github } from "../../support/github.ts";

export const callbackUrl = "https://auth.example.com/callback/github";

/** The provider under test, towards the stand-in in the place of github.com. */
export function providerAt(github: Github, options: Partial<GithubOptions> = {}): GithubProvider {
  return createGithubProvider({
    name: "github",
    title: "GitHub",
    domains: undefined,
    speaksFor: () => true,
    clientId: github.clientId,
    clientSecret: github.clientSecret,
    callbackUrl,
    scopes: ["user:email", "read:org"],
    endpoints: github.endpoints,
    ...options,
  });
}

export function anAttempt(prompt: SignInAttempt["prompt"] = "select_account"): SignInAttempt {
  return signInAttempt(startAttempt({ bytes: randomBytes }), prompt);
}

/** A whole sign-in, as a browser does it. */
export async function signIn(github: Github, options: Partial<GithubOptions> = {}): Promise<Identity> {
  const provider = providerAt(github, options);
  const attempt = anAttempt();
  const back = await github.signIn(await provider.signInUrl(attempt));
  return provider.completeSignIn(back, attempt);
}
