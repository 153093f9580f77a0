import { SignInError } from "../../oauth/ports.ts";
import type { Outbound } from "../outbound.ts";
import type { ProviderMetadata } from "./provider-metadata.ts";

/** Who asks the token endpoint. */
export interface TokenClient {
  readonly provider: Pick<ProviderMetadata, "tokenEndpoint" | "clientAuthentication">;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Where the operator finds the last two: for an error. */
  readonly credentials: string;
}

export interface Exchange extends TokenClient {
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
  /** What time it is at the provider, as its answer says; seconds since 1970. */
  readonly date?: number;
  /** Kept only where the operator wants people to be confirmed with it. */
  readonly refreshToken: string | undefined;
}

/** The same where an ID token may be missing. */
export type RefreshedTokens = Omit<Tokens, "idToken"> & { readonly idToken: string | undefined };

/** What the token endpoint answered, whatever it is; `answer`: what it says, if that is a JSON object. */
interface Answered {
  readonly response: Response;
  readonly answer: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Exchanges the code for the ID token (OpenID Connect Core §3.1.3). Throws {@link SignInError}; its message
 * never holds the code, the verifier or our secret.
 */
export async function exchangeCode(exchange: Exchange, outbound: Outbound): Promise<Tokens> {
  const answered = await askTokenEndpoint(exchange, outbound);
  const { idToken, ...tokens } = readTokens(exchange, answered, [exchange.code, exchange.codeVerifier]);
  // C09
  if (idToken === undefined) {
    throw new SignInError(
      "server_error",
      `${nameOf(exchange)} answered without an id_token: is the scope openid allowed?`,
    );
  }
  return { idToken, ...tokens };
}

/** The token endpoint's answer to a code. */
export function askTokenEndpoint(exchange: Exchange, outbound: Outbound): Promise<Answered> {
  const { code, callbackUrl, codeVerifier } = exchange;
  const form = new URLSearchParams({ grant_type: "authorization_code", code, redirect_uri: callbackUrl });
  if (codeVerifier !== undefined) form.set("code_verifier", codeVerifier);
  return post(exchange, form, outbound);
}

/**
 * Exchanges the refresh token of an earlier sign-in (OpenID Connect Core §12). Throws {@link SignInError}:
 * `access_denied` when the provider does not take it any more. Its message never holds the token or our
 * secret.
 */
export async function exchangeRefreshToken(
  client: TokenClient,
  refreshToken: string,
  outbound: Outbound,
): Promise<RefreshedTokens> {
  const form = new URLSearchParams({ grant_type: "refresh_token", refresh_token: refreshToken });
  const answered = await post(client, form, outbound);
  const isOver = answered.response.status < 500 && answered.answer?.error === "invalid_grant";
  return readTokens(client, answered, [refreshToken], isOver ? "access_denied" : "server_error");
}

const nameOf = ({ provider }: TokenClient) => `the token endpoint ${provider.tokenEndpoint}`;

async function post(
  { provider, clientId, clientSecret }: TokenClient,
  form: URLSearchParams,
  outbound: Outbound,
): Promise<Answered> {
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

/** @param secrets which the provider may repeat, and the log may not hold */
function readTokens(
  client: TokenClient,
  { response, answer }: Answered,
  secrets: readonly (string | undefined)[],
  code: SignInError["code"] = "server_error",
): RefreshedTokens {
  if (response.status !== 200) throw refusal(client, response.status, answer, secrets, code);
  if (answer === undefined) {
    const type = response.headers.get("content-type");
    const message = `${nameOf(client)} answered no JSON object but ${type ?? "an unnamed type"}`;
    throw new SignInError("server_error", message);
  }
  return {
    idToken: textOf(answer.id_token),
    accessToken: textOf(answer.access_token),
    refreshToken: textOf(answer.refresh_token),
    ...dateOf(response),
  };
}

function dateOf({ headers }: Response): { readonly date?: number } {
  const date = Math.floor(Date.parse(headers.get("date") ?? "") / 1000);
  return Number.isNaN(date) ? {} : { date };
}

const textOf = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);

function refusal(
  client: TokenClient,
  status: number,
  answer: Readonly<Record<string, unknown>> | undefined,
  secrets: readonly (string | undefined)[],
  code: SignInError["code"],
): SignInError {
  const { error, error_description: description } = answer ?? {};
  let answered = JSON.stringify({ error, description });
  for (const secret of [...secrets, client.clientSecret]) {
    if (secret) answered = answered.replaceAll(secret, "…");
  }
  // Some say so of a client that they do not know, or whose secret is over.
  const isOurs = error === "invalid_client" || (status === 401 && error !== "invalid_grant");
  const advice = isOurs ? `; check ${client.credentials}` : "";
  const message = `${nameOf(client)} answered ${status} ${answered.slice(0, 500)}${advice}`;
  return status >= 500 || status === 429
    ? new SignInError("temporarily_unavailable", message, {
        hint: "the identity provider cannot answer right now",
        logReason: "the provider cannot answer",
      })
    : new SignInError(code, message, {
        hint: "the identity provider refused to confirm the sign-in",
        ...(isOurs && {
          reason: { key: "providerRefusesUs" },
          logReason: "provider refused our credentials",
        }),
      });
}
