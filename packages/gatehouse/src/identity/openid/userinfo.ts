import type { JWTPayload } from "jose";
import { SignInError } from "../../oauth/ports.ts";
import type { Outbound } from "../outbound.ts";
import { show } from "./refusal.ts";

interface Expected {
  /** `sub` of the ID token. */
  readonly subject: string;
  /** Verifies what comes as a signed JWT, as an ID token is: signature, `iss`, `aud` (V12). */
  readonly verify: (token: string) => Promise<JWTPayload>;
}

const nameOf = (endpoint: string) => `userinfo, ${endpoint},`;

/**
 * Asks the provider's userinfo endpoint (OpenID Connect Core §5.3.1). Throws {@link SignInError} when it does
 * not answer; its message never holds the token.
 * @param codeOf401 of an access token that is not taken; a defect where it was just issued for a sign-in
 */
export async function askUserinfo(
  endpoint: string,
  accessToken: string,
  outbound: Outbound,
  codeOf401: SignInError["code"] = "server_error",
): Promise<Response> {
  const response = await outbound(endpoint, {
    headers: { accept: "application/json", authorization: `Bearer ${accessToken}` },
  });
  if (response.status === 200) return response;
  const isOutage = response.status >= 500 || response.status === 429;
  const code = response.status === 401 ? codeOf401 : isOutage ? "temporarily_unavailable" : "server_error";
  throw failure(code, `${nameOf(endpoint)} answered ${response.status}`);
}

/**
 * What it answered of the person that the ID token is about (§5.3.2). Throws {@link SignInError} when the
 * answer is about somebody else, or cannot be believed.
 */
export async function readUserinfo(
  endpoint: string,
  response: Response,
  { subject, verify }: Expected,
): Promise<Readonly<Record<string, unknown>>> {
  const where = nameOf(endpoint);
  const claims = await read(response, where, verify);
  // V10: it may be about somebody else (token substitution, §16.11).
  if (claims.sub !== subject) {
    throw failure(
      "server_error",
      `sub is ${show(claims.sub)} in ${where} but ${show(subject)} in the ID token: nothing of userinfo is used`,
    );
  }
  return claims;
}

async function read(
  response: Response,
  where: string,
  verify: Expected["verify"],
): Promise<Readonly<Record<string, unknown>>> {
  const type = response.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  const text = await response.text();
  if (type === "application/jwt") return verify(text.trim());
  if (type !== "application/json") {
    throw failure("server_error", `${where} answered ${type ?? "an unnamed type"}, not application/json`);
  }
  const claims = parse(text);
  if (typeof claims !== "object" || claims === null || Array.isArray(claims)) {
    throw failure("server_error", `${where} answered no JSON object`);
  }
  return { ...claims };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function failure(code: SignInError["code"], message: string): SignInError {
  return new SignInError(code, message, {
    hint:
      code === "server_error"
        ? "the identity provider's answer could not be verified"
        : "the identity provider cannot answer right now",
  });
}
