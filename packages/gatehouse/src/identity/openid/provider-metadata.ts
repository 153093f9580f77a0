import { allowInsecureRequests, type Configuration, customFetch, discovery } from "openid-client";
import { SignInError } from "../../oauth/ports.ts";
import { isAllowed, isLoopbackHttp, type Outbound } from "../outbound.ts";
import type { IssuerRule } from "./issuer.ts";

/** What is needed of an identity provider's metadata, checked. */
export interface ProviderMetadata {
  readonly configuration: Configuration;
  readonly issuer: string;
  readonly tokenEndpoint: string;
  readonly jwksUri: string;
  /** `undefined`: it has none. */
  readonly userinfoEndpoint: string | undefined;
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
  /** Whether it lists `auth_time`, which it must say where `max_age` is asked (OpenID Connect Core §2). */
  readonly tellsAuthTime: boolean;
  /** Whether it lists the scope among those that can be asked for. */
  readonly knowsScope: (scope: string) => boolean;
}

export type ClientAuthentication = "client_secret_basic" | "client_secret_post";

/**
 * Asks the provider for its metadata (OpenID Connect Discovery §4). Throws {@link SignInError} when it cannot
 * be had or may not be trusted: another issuer (C16), an endpoint that is missing or not https.
 */
export async function discoverProvider(
  issuer: string,
  issuers: IssuerRule,
  clientId: string,
  outbound: Outbound,
): Promise<ProviderMetadata> {
  const allowLoopbackHttp = isLoopbackHttp(new URL(issuer));
  // Told where the document is, openid-client leaves its issuer to us, who know better (C16, V24, V25).
  const document = new URL(discoveryUrl(issuer));
  const configuration = await discovery(document, clientId, undefined, undefined, {
    [customFetch]: (url, { method, headers, signal = null }) => outbound(url, { method, headers, signal }),
    execute: allowLoopbackHttp ? [allowInsecureRequests] : [],
  }).catch((error: unknown) => {
    throw asSignInError(issuer, error);
  });
  const metadata = configuration.serverMetadata();
  if (!issuers.acceptsMetadata(metadata.issuer)) throw otherIssuer(issuer, metadata.issuer);
  type Endpoint = "authorization_endpoint" | "token_endpoint" | "jwks_uri" | "userinfo_endpoint";
  const endpoint = (name: Endpoint): string => {
    const value = metadata[name];
    if (typeof value !== "string" || !URL.canParse(value)) throw untrusted(issuer, `${name} is missing`);
    if (!isAllowed(new URL(value), allowLoopbackHttp))
      throw untrusted(issuer, `${name} is not https: ${value}`);
    return value;
  };
  endpoint("authorization_endpoint");
  return {
    configuration,
    issuer: metadata.issuer,
    tokenEndpoint: endpoint("token_endpoint"),
    jwksUri: endpoint("jwks_uri"),
    userinfoEndpoint: metadata.userinfo_endpoint === undefined ? undefined : endpoint("userinfo_endpoint"),
    clientAuthentication: chooseAuthentication(issuer, metadata.token_endpoint_auth_methods_supported),
    takesPkce: metadata.code_challenge_methods_supported?.includes("S256") ?? true,
    namesItself: metadata.authorization_response_iss_parameter_supported === true,
    takesPrompt: (prompt) => listOf(metadata.prompt_values_supported)?.includes(prompt) ?? true,
    tellsAuthTime: listOf(metadata.claims_supported)?.includes("auth_time") ?? false,
    knowsScope: (scope) => listOf(metadata.scopes_supported)?.includes(scope) ?? false,
  };
}

/** OpenID Connect Discovery §4: a slash at the end of the issuer does not count here. */
export function discoveryUrl(issuer: string): string {
  return `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
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

function otherIssuer(issuer: string, found: string): SignInError {
  const issuerFound = URL.canParse(found) ? found.slice(0, 500) : undefined;
  return new SignInError(
    "server_error",
    `the metadata of the identity provider ${issuer} is refused: its issuer is ${JSON.stringify(found).slice(0, 500)}`,
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
  const message = error instanceof Error ? error.message : String(error);
  return untrusted(issuer, message);
}
