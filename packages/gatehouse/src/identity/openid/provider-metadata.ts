import { allowInsecureRequests, type Configuration, customFetch, discovery } from "openid-client";
import { SignInError } from "../../oauth/ports.ts";
import { isAllowed, isLoopbackHttp, type Outbound } from "../outbound.ts";

/** What is needed of an identity provider's metadata, checked. */
export interface ProviderMetadata {
  readonly configuration: Configuration;
  readonly issuer: string;
  readonly tokenEndpoint: string;
  readonly jwksUri: string;
  /** How the token endpoint wants our client secret. */
  readonly clientAuthentication: ClientAuthentication;
  /**
   * False only for a provider that lists PKCE methods without S256; those that list none ignore what they do
   * not know.
   */
  readonly takesPkce: boolean;
  /** RFC 9207: its answers name it, always. */
  readonly namesItself: boolean;
  /**
   * Whether the provider can be asked for this `prompt`; one that lists none is taken to know the standard
   * ones.
   */
  readonly takesPrompt: (prompt: string) => boolean;
}

export type ClientAuthentication = "client_secret_basic" | "client_secret_post";

/**
 * Asks the provider for its metadata (OpenID Connect Discovery §4). Throws {@link SignInError} when it cannot
 * be had or may not be trusted: another issuer (C16), an endpoint that is missing or not https.
 */
export async function discoverProvider(
  issuer: string,
  clientId: string,
  outbound: Outbound,
): Promise<ProviderMetadata> {
  const allowLoopbackHttp = isLoopbackHttp(new URL(issuer));
  const configuration = await discovery(new URL(issuer), clientId, undefined, undefined, {
    [customFetch]: (url, { method, headers, signal = null }) => outbound(url, { method, headers, signal }),
    execute: allowLoopbackHttp ? [allowInsecureRequests] : [],
  }).catch((error: unknown) => {
    throw asSignInError(issuer, error);
  });
  const metadata = configuration.serverMetadata();
  // C16: openid-client overlooks a trailing slash, and anything at all at two well-known providers.
  if (metadata.issuer !== issuer) {
    throw otherIssuer(issuer, metadata.issuer);
  }
  const endpoint = (name: "authorization_endpoint" | "token_endpoint" | "jwks_uri"): string => {
    const value = metadata[name];
    if (typeof value !== "string" || !URL.canParse(value)) throw untrusted(issuer, `${name} is missing`);
    if (!isAllowed(new URL(value), allowLoopbackHttp))
      throw untrusted(issuer, `${name} is not https: ${value}`);
    return value;
  };
  endpoint("authorization_endpoint");
  return {
    configuration,
    issuer,
    tokenEndpoint: endpoint("token_endpoint"),
    jwksUri: endpoint("jwks_uri"),
    clientAuthentication: chooseAuthentication(issuer, metadata.token_endpoint_auth_methods_supported),
    takesPkce: metadata.code_challenge_methods_supported?.includes("S256") ?? true,
    namesItself: metadata.authorization_response_iss_parameter_supported === true,
    takesPrompt: (prompt) => listOf(metadata.prompt_values_supported)?.includes(prompt) ?? true,
  };
}

/**
 * The first the provider lists that we know: it knows best which one works. Without a list, the standard's
 * default.
 */
function chooseAuthentication(issuer: string, listed: readonly string[] | undefined): ClientAuthentication {
  if (listed === undefined) return "client_secret_basic";
  for (const method of listed) {
    if (method === "client_secret_basic" || method === "client_secret_post") return method;
  }
  throw untrusted(issuer, `its token endpoint takes no client secret, only ${listed.join(", ")}`);
}

function listOf(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

function isAboutIssuer(cause: unknown): cause is { readonly body: { readonly issuer?: unknown } } {
  if (typeof cause !== "object" || cause === null || !("attribute" in cause) || !("body" in cause))
    return false;
  return cause.attribute === "issuer" && typeof cause.body === "object" && cause.body !== null;
}

function otherIssuer(issuer: string, found: unknown): SignInError {
  const issuerFound = typeof found === "string" && URL.canParse(found) ? found.slice(0, 500) : undefined;
  return new SignInError(
    "server_error",
    `the metadata of the identity provider ${issuer} is refused: its issuer is ${JSON.stringify(found)?.slice(0, 500)}`,
    { issuerFound },
  );
}

function untrusted(issuer: string, why: string): SignInError {
  return new SignInError(
    "server_error",
    `the metadata of the identity provider ${issuer} is refused: ${why}`,
  );
}

/** openid-client wraps what our own door threw; that says more than its wrapping. */
function asSignInError(issuer: string, error: unknown): SignInError {
  let inner = error;
  for (; inner instanceof Error; inner = inner.cause) {
    if (inner instanceof SignInError) return inner;
  }
  // Its last cause is what it did not like.
  if (inner instanceof Response) return untrusted(issuer, `its discovery document answers ${inner.status}`);
  if (isAboutIssuer(inner)) return otherIssuer(issuer, inner.body.issuer);
  const message = error instanceof Error ? error.message : String(error);
  return untrusted(issuer, message);
}
