import { SignInError } from "../../oauth/ports.ts";
import type { Seconds } from "../../oauth/values.ts";
import { examineClock, type Finding } from "../openid/examination.ts";
import type { Outbound } from "../outbound.ts";
import { isObject } from "./api.ts";

interface Exchange {
  readonly tokenEndpoint: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly code: string;
  readonly callbackUrl: string;
  readonly codeVerifier: string;
}

export interface GithubToken {
  readonly token: string;
  /** What the person allowed; `undefined` for a GitHub App, whose permissions stand at the app. */
  readonly scopes: readonly string[] | undefined;
}

/** What GitHub's errors mean to whoever runs this server. */
const mends: Readonly<Record<string, string>> = {
  incorrect_client_credentials: "; check client_id and client_secret of this provider",
  redirect_uri_mismatch: "; register exactly that callback at the OAuth app",
  unverified_user_email: "; the account has no verified primary address",
};

/** The token endpoint's answer, whatever it is. Throws {@link SignInError} when there is none. */
async function askForToken(
  { tokenEndpoint, clientId, clientSecret, code, callbackUrl, codeVerifier }: Exchange,
  outbound: Outbound,
): Promise<{ response: Response; answer: Readonly<Record<string, unknown>> | undefined }> {
  const body = new URLSearchParams({
    client_id: clientId,
    client_secret: clientSecret,
    code,
    redirect_uri: callbackUrl,
    code_verifier: codeVerifier,
  });
  const headers = { accept: "application/json", "user-agent": "gatehouse" };
  const response = await outbound(tokenEndpoint, { method: "POST", headers, body });
  return { response, answer: parseObject(await response.text()) };
}

/**
 * Exchanges the code for an API token. GitHub answers errors with the status 200 (V33). Throws {@link
 * SignInError}; its message never holds the code, the verifier, the token or our secret.
 */
export async function exchangeGithubCode(exchange: Exchange, outbound: Outbound): Promise<GithubToken> {
  const { tokenEndpoint, clientSecret, code, codeVerifier } = exchange;
  const { response, answer } = await askForToken(exchange, outbound);
  const name = `the token endpoint ${tokenEndpoint}`;
  if (response.status >= 500 || response.status === 429) {
    throw new SignInError("temporarily_unavailable", `${name} answered ${response.status}`, {
      hint: "GitHub cannot answer right now",
    });
  }
  if (answer === undefined) {
    const type = response.headers.get("content-type") ?? "an unnamed type";
    throw new SignInError("server_error", `${name} answered ${response.status}, no JSON object but ${type}`);
  }
  if (response.status !== 200 || answer.error !== undefined) {
    throw refused(`${name} answered ${response.status}`, answer, [code, clientSecret, codeVerifier]);
  }
  const { access_token: token, token_type: type, scope } = answer;
  if (typeof token !== "string" || token === "" || String(type).toLowerCase() !== "bearer") {
    throw new SignInError("server_error", `${name} answered 200 without a bearer token`);
  }
  return { token, scopes: token.startsWith("ghu_") ? undefined : scopesOf(scope) };
}

/** A list with commas, as GitHub writes it, or with spaces, as everybody else does. */
function scopesOf(scope: unknown): string[] {
  return typeof scope === "string" ? scope.split(/[\s,]+/).filter(Boolean) : [];
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function refused(
  answered: string,
  { error, error_description: description }: Readonly<Record<string, unknown>>,
  secrets: readonly string[],
): SignInError {
  let said = JSON.stringify({ error, description });
  for (const secret of secrets) said = said.replaceAll(secret, "…");
  const mend = typeof error === "string" ? (mends[error] ?? "") : "";
  return new SignInError("server_error", `${answered} ${said.slice(0, 500)}${mend}`, {
    hint: "the identity provider refused to confirm the sign-in",
    ...(error === "incorrect_client_credentials" && {
      reason: { key: "providerRefusesUs" },
      logReason: "provider refused our credentials",
    }),
  });
}

/**
 * Whether GitHub takes our secret, told by what it says against a code that is none; and its clock.
 * @param now in seconds
 */
export async function examineTokenEndpoint(
  exchange: Omit<Exchange, "code" | "codeVerifier">,
  outbound: Outbound,
  now: Seconds,
): Promise<Finding[]> {
  const noCode = { ...exchange, code: "0".repeat(20), codeVerifier: "0".repeat(43) };
  const { response, answer } = await askForToken(noCode, outbound);
  const error = answer?.error;
  const clock = examineClock(response.headers.get("date"), now);
  if (error === "bad_verification_code") return [clock, { what: "secret", good: true, found: "taken" }];
  const said = `${response.status} ${JSON.stringify({ error })}`.slice(0, 200);
  if (error === "incorrect_client_credentials") {
    const mend = mends[error] ?? "";
    return [clock, { what: "secret", good: false, found: `refused, ${said}${mend}` }];
  }
  return [clock, { what: "secret", good: undefined, found: `only a sign-in can tell; it answered ${said}` }];
}
