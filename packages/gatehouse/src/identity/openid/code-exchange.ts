import { SignInError } from "../../oauth/ports.ts";
import type { Outbound } from "../outbound.ts";
import type { ProviderMetadata } from "./provider-metadata.ts";

export interface Exchange {
  readonly provider: Pick<ProviderMetadata, "tokenEndpoint" | "clientAuthentication">;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Where the operator finds the last two: for an error. */
  readonly credentials: string;
  readonly code: string;
  /** The redirect URI of the authorization request. */
  readonly callbackUrl: string;
  /** `undefined` when no PKCE challenge was sent. */
  readonly codeVerifier: string | undefined;
}

/** What a code is exchanged for. */
export interface Tokens {
  /** Not yet verified. */
  readonly idToken: string;
  /** For userinfo, and dropped with this sign-in (C20). */
  readonly accessToken: string | undefined;
}

/**
 * Exchanges the code for the ID token (OpenID Connect Core §3.1.3). A refresh token that comes with it is
 * dropped on the spot (C20). Throws {@link SignInError}; its message never holds the code, the verifier or
 * our secret.
 */
export async function exchangeCode(exchange: Exchange, outbound: Outbound): Promise<Tokens> {
  const { response, answer } = await askTokenEndpoint(exchange, outbound);
  const name = `the token endpoint ${exchange.provider.tokenEndpoint}`;
  if (response.status !== 200) {
    throw refusal(name, response.status, answer, exchange);
  }
  if (answer === undefined) {
    const type = response.headers.get("content-type");
    throw new SignInError("server_error", `${name} answered no JSON object but ${type ?? "an unnamed type"}`);
  }
  // C09
  if (typeof answer.id_token !== "string") {
    throw new SignInError(
      "server_error",
      `${name} answered without an id_token: is the scope openid allowed?`,
    );
  }
  const { id_token: idToken, access_token: accessToken } = answer;
  return { idToken, accessToken: typeof accessToken === "string" ? accessToken : undefined };
}

/** The token endpoint's answer, whatever it is; `answer`: what it says, if that is a JSON object. */
export async function askTokenEndpoint(
  { provider, clientId, clientSecret, code, callbackUrl, codeVerifier }: Exchange,
  outbound: Outbound,
): Promise<{ readonly response: Response; readonly answer: Readonly<Record<string, unknown>> | undefined }> {
  const form = new URLSearchParams({ grant_type: "authorization_code", code, redirect_uri: callbackUrl });
  if (codeVerifier !== undefined) form.set("code_verifier", codeVerifier);
  const headers = new Headers({ accept: "application/json" });
  if (provider.clientAuthentication === "client_secret_basic") {
    headers.set("authorization", basic(clientId, clientSecret));
  } else {
    form.set("client_id", clientId);
    form.set("client_secret", clientSecret);
  }
  const response = await outbound(provider.tokenEndpoint, { method: "POST", headers, body: form });
  return { response, answer: parseObject(await response.text()) };
}

/** RFC 6749 §2.3.1: both halves form-encoded, so that a `:` in either does no harm. */
function basic(clientId: string, clientSecret: string): string {
  const encode = (text: string) => new URLSearchParams({ "": text }).toString().slice(1);
  return `Basic ${Buffer.from(`${encode(clientId)}:${encode(clientSecret)}`).toString("base64")}`;
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function refusal(
  name: string,
  status: number,
  answer: Readonly<Record<string, unknown>> | undefined,
  { code, clientSecret, codeVerifier, credentials }: Exchange,
): SignInError {
  const { error, error_description: description } = answer ?? {};
  let answered = JSON.stringify({ error, description });
  for (const secret of [code, clientSecret, codeVerifier])
    if (secret) answered = answered.replaceAll(secret, "…");
  const advice = error === "invalid_client" ? `; check ${credentials}` : "";
  const message = `${name} answered ${status} ${answered.slice(0, 500)}${advice}`;
  return status >= 500 || status === 429
    ? new SignInError("temporarily_unavailable", message, {
        hint: "the identity provider cannot answer right now",
      })
    : new SignInError("server_error", message, {
        hint: "the identity provider refused to confirm the sign-in",
      });
}
