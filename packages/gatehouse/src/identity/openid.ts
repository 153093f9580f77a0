import {
  AuthorizationResponseError,
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  ClientSecretBasic,
  ClientSecretPost,
  Configuration,
  calculatePKCECodeChallenge,
  clockTolerance,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  type IDToken,
  ResponseBodyError,
} from "openid-client";
import { type Identity, type IdentityProvider, type SignInAttempt, SignInError } from "../oauth/ports.ts";
import { createOutboundFetch } from "./outbound.ts";

export interface OpenIdOptions {
  /** Exactly as the provider spells it. Plain http only on loopback. */
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly callbackUrl: string;
  /** For one whole exchange with the provider. */
  readonly timeoutMilliseconds?: number;
  /** Told when the provider's metadata cannot be refreshed and the last one is used on. */
  readonly onStaleMetadata?: (error: unknown) => void;
}

const metadataLivesMilliseconds = 60 * 60 * 1000;
const retryAfterMilliseconds = 10 * 1000;
/** Seconds the provider's clock may be off. */
const skew = 60;

/** Signs people in through any OpenID Connect provider: authorization code with state, nonce and PKCE (OpenID Connect Core §3.1). */
export function createOpenIdProvider(options: OpenIdOptions): IdentityProvider {
  const configuration = createDiscovery(options);
  return {
    async signInUrl({ state, nonce, codeVerifier, prompt }) {
      return buildAuthorizationUrl(await configuration(), {
        response_type: "code",
        redirect_uri: options.callbackUrl,
        scope: "openid email",
        access_type: "online",
        prompt,
        state,
        nonce,
        code_challenge: await calculatePKCECodeChallenge(codeVerifier),
        code_challenge_method: "S256",
      });
    },
    async completeSignIn(callback, attempt) {
      const claims = await exchange(await configuration(), callback, attempt);
      return toIdentity(claims, options.clientId);
    },
  };
}

/** The provider's metadata, fetched when first needed and then hourly; when that fails, the last known is used on. */
function createDiscovery(options: OpenIdOptions): () => Promise<Configuration> {
  let current: Configuration | undefined;
  let validUntil = 0;
  let refreshing: Promise<Configuration> | undefined;

  async function refresh(): Promise<Configuration> {
    try {
      current = await discover(options);
      validUntil = performance.now() + metadataLivesMilliseconds;
      return current;
    } catch (error) {
      if (current === undefined) {
        throw new SignInError(
          "temporarily_unavailable",
          `the metadata of ${options.issuer} cannot be had: ${reason(error)}`,
          {
            hint: "the identity provider cannot be reached",
            cause: error,
          },
        );
      }
      validUntil = performance.now() + retryAfterMilliseconds;
      options.onStaleMetadata?.(error);
      return current;
    } finally {
      refreshing = undefined;
    }
  }

  return async () => {
    if (current !== undefined && performance.now() < validUntil) return current;
    refreshing ??= refresh();
    return refreshing;
  };
}

async function discover({
  issuer,
  clientId,
  clientSecret,
  timeoutMilliseconds = 5000,
}: OpenIdOptions): Promise<Configuration> {
  const insecure = issuer.startsWith("http:") ? [allowInsecureRequests] : [];
  const fetch = createOutboundFetch(timeoutMilliseconds);
  const options = { execute: insecure, [customFetch]: fetch };
  // Refuses a document whose issuer is another (C16).
  const found = await discovery(new URL(issuer), clientId, undefined, undefined, options);
  const metadata = found.serverMetadata();
  if (metadata.issuer !== issuer) throw new Error(`its issuer is ${metadata.issuer}`);
  const methods = metadata.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
  const authentication = methods.includes("client_secret_basic")
    ? ClientSecretBasic(clientSecret)
    : ClientSecretPost(clientSecret);
  const configuration = new Configuration(metadata, clientId, { [clockTolerance]: skew }, authentication);
  configuration[customFetch] = fetch;
  // The signature is verified although TLS would do for this flow (C09).
  for (const enable of [...insecure, enableNonRepudiationChecks]) enable(configuration);
  return configuration;
}

/** Redeems the provider's code and verifies its ID token: signature, issuer, audience, times, nonce (C07-C12). */
async function exchange(
  configuration: Configuration,
  callback: URL,
  attempt: SignInAttempt,
): Promise<IDToken> {
  const checks = {
    expectedState: attempt.state,
    expectedNonce: attempt.nonce,
    pkceCodeVerifier: attempt.codeVerifier,
    idTokenExpected: true,
  };
  try {
    const claims = (await authorizationCodeGrant(configuration, callback, checks)).claims();
    if (claims === undefined) throw new Error("no id_token");
    return claims;
  } catch (error) {
    throw explain(error);
  }
}

/** C11, C12, C14: what the library leaves to us. */
function toIdentity(claims: IDToken, clientId: string): Identity {
  const { iss, sub, azp, email, email_verified: verified } = claims;
  if (azp !== undefined && azp !== clientId) throw broken("the id_token was issued to another client (azp)");
  if (!/^[\x20-\x7E]{1,255}$/.test(sub)) throw broken("the id_token's sub is not 1 to 255 ASCII characters");
  if (typeof email !== "string" || !/^[^\s@]{1,64}@[^\s@]{1,190}$/.test(email)) {
    throw new SignInError(
      "access_denied",
      "the id_token has no usable e-mail address: is scope email allowed for this client?",
      {
        hint: "the identity provider did not give an e-mail address",
      },
    );
  }
  if (verified !== true) {
    throw new SignInError(
      "access_denied",
      "the provider has not verified the e-mail address (email_verified is not true)",
      {
        hint: "the identity provider has not verified this e-mail address",
      },
    );
  }
  return { issuer: iss, subject: sub, email };
}

/** C18, C19. The provider's own words stay in the log (C-n7). */
function explain(error: unknown): SignInError {
  if (error instanceof AuthorizationResponseError) {
    if (error.error === "access_denied")
      return new SignInError("access_denied", "the person cancelled, or the provider refused them");
    const code = error.error === "temporarily_unavailable" ? "temporarily_unavailable" : "server_error";
    return new SignInError(
      code,
      `the provider answered ${error.error}: ${error.error_description ?? "no description"}`,
    );
  }
  if (error instanceof ResponseBodyError) {
    const why = `${error.error}${error.error_description === undefined ? "" : `, ${error.error_description}`}`;
    return new SignInError(
      "server_error",
      `the provider refused the code (${error.status} ${why}): check OAUTH2_CLIENT_ID and OAUTH2_CLIENT_SECRET`,
    );
  }
  if (isNetworkFailure(error)) {
    return new SignInError("temporarily_unavailable", `the provider cannot be reached: ${reason(error)}`, {
      hint: "the identity provider cannot be reached",
      cause: error,
    });
  }
  return broken(`the provider's answer was refused: ${reason(error)}`, error);
}

function broken(message: string, cause?: unknown): SignInError {
  return new SignInError("server_error", message, {
    hint: "the identity provider's answer was not accepted",
    cause,
  });
}

function isNetworkFailure(error: unknown): boolean {
  const names = ["TimeoutError", "AbortError"];
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (names.includes(at.name) || (at instanceof TypeError && at.message === "fetch failed")) return true;
  }
  return false;
}

/** Messages from the outermost in: the cause is what the operator needs. */
function reason(error: unknown): string {
  const messages: string[] = [];
  for (let at: unknown = error; at instanceof Error; at = at.cause) messages.push(at.message);
  return messages.join(": ") || String(error);
}
