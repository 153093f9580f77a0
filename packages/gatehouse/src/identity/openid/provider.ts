import { buildAuthorizationUrl, calculatePKCECodeChallenge } from "openid-client";
import type { Clock, IdentityProvider, SignInAttempt } from "../../oauth/ports.ts";
import { seconds } from "../../oauth/values.ts";
import { createOutbound, isLoopbackHttp } from "../outbound.ts";
import { readAnswer } from "./callback-answer.ts";
import { exchangeCode } from "./code-exchange.ts";
import { createFetchedDocument } from "./fetched-document.ts";
import { verifyIdToken } from "./id-token.ts";
import { discoverProvider, type ProviderMetadata } from "./provider-metadata.ts";
import { fetchSigningKeys } from "./signing-keys.ts";

export interface OpenIdOptions {
  /** How the operator calls it. */
  readonly name: string;
  /** What people call it. */
  readonly title: string;
  /** The provider's issuer, compared exactly (C16). Plain http only on a loopback host. */
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Our callback, as registered at the provider. */
  readonly callbackUrl: string;
  /** The real time unless a test says otherwise: it is compared with the provider's. */
  readonly clock?: Clock;
  /** Domains whose accounts may sign in, lower case; all when left out. */
  readonly allowedDomains?: readonly string[] | undefined;
  /** Told what does not fail a sign-in but should be known: the provider's documents cannot be refreshed. */
  readonly warn?: (message: string) => void;
  /** Milliseconds for each request to the provider. */
  readonly timeout?: number;
}

export interface OpenIdProvider extends IdentityProvider {
  /** Fetches what the provider says of itself, for the first sign-in. Throws {@link SignInError}. */
  discover(): Promise<unknown>;
}

const metadataMaxAge = 3600;
const keysMaxAge = 3600;
const coolDown = 30;
const maxBytes = 256 * 1024;

/**
 * Sign-in through any OpenID provider, by the authorization code flow (OpenID Connect Core §3.1). Nothing is
 * asked of the provider before the first sign-in, or `discover`. `openid-client` discovers it and makes the
 * authorization request; the answer is verified here with `jose`, because it has to be stricter than the
 * standard's minimum (C09-C12: the signature always, extra audiences, `azp`, `iat`) and to tell the operator
 * exactly what was wrong.
 */
export function createOpenIdProvider(options: OpenIdOptions): OpenIdProvider {
  const { name, issuer, clientId, clientSecret, callbackUrl, allowedDomains, warn, timeout = 5000 } = options;
  const clock = options.clock ?? { now: () => seconds(Date.now() / 1000) };
  const outbound = createOutbound({ timeout, maxBytes, allowLoopbackHttp: isLoopbackHttp(new URL(issuer)) });
  const onStale = (error: unknown) =>
    warn?.(`using an older copy of what ${issuer} publishes: ${String(error)}`);
  const metadata = createFetchedDocument({
    fetch: () => discoverProvider(issuer, clientId, outbound),
    clock,
    maxAge: metadataMaxAge,
    coolDown,
    onStale,
  });
  const keys = createFetchedDocument({
    fetch: async () => fetchSigningKeys((await metadata.current()).jwksUri, outbound),
    clock,
    maxAge: keysMaxAge,
    coolDown,
    onStale,
  });
  return {
    name,
    title: options.title,
    domains: allowedDomains,
    discover: () => metadata.lookedAt(),
    async signInUrl(attempt) {
      return authorizationRequest(await metadata.current(), callbackUrl, attempt);
    },
    async completeSignIn(callback, { state, nonce, codeVerifier }) {
      const provider = await metadata.current();
      const code = readAnswer(callback.searchParams, state, provider);
      const verifier = provider.takesPkce ? codeVerifier : undefined;
      const idToken = await exchangeCode(
        { provider, clientId, clientSecret, code, callbackUrl, codeVerifier: verifier },
        outbound,
      );
      const proven = await verifyIdToken(idToken, keys, {
        issuer,
        clientId,
        nonce,
        now: clock.now(),
        allowedDomains,
      });
      return { provider: name, ...proven, name: undefined, groups: [] };
    },
  };
}

/** OpenID Connect Core §3.1.2.1. `access_type=online` asks Google for no refresh token; others ignore it. */
async function authorizationRequest(
  provider: ProviderMetadata,
  callbackUrl: string,
  { state, nonce, codeVerifier, prompt }: SignInAttempt,
): Promise<URL> {
  return buildAuthorizationUrl(provider.configuration, {
    redirect_uri: callbackUrl,
    scope: "openid email",
    state,
    nonce, // C07
    access_type: "online",
    ...(provider.takesPrompt(prompt) ? { prompt } : {}),
    ...(provider.takesPkce // C08
      ? { code_challenge: await calculatePKCECodeChallenge(codeVerifier), code_challenge_method: "S256" }
      : {}),
  });
}
