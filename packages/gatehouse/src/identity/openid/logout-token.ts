import { decodeProtectedHeader, type JWTPayload } from "jose";
import type { LogoutNotice } from "../../oauth/ports.ts";
import { type Seconds, seconds } from "../../oauth/values.ts";
import { type Expected, verifyProviderToken } from "./id-token.ts";
import { refusedToken, show } from "./refusal.ts";
import { type Keys, skew } from "./signature.ts";

/** The member of `events` that makes a token a logout token. */
const logoutEvent = "http://schemas.openid.net/event/backchannel-logout";

/** Seconds after which nobody repeats a logout that did not arrive. */
const maxAge = 600;

/**
 * What a logout token says (OpenID Connect Back-Channel Logout §2.4, §2.6): verified with the same keys,
 * algorithms and rules as an ID token, and told from one by its event and by having no `nonce`. Throws
 * `SignInError`, with a message for the log that never holds the token.
 * @param subjectOf whose account it is about, as a sign-in would call them; throws where only a sign-in tells
 */
export async function verifyLogoutToken(
  token: string,
  keys: Keys,
  expected: Expected,
  subjectOf: (claims: JWTPayload) => string | undefined,
): Promise<LogoutNotice> {
  const { claims, issuer } = await verifyProviderToken(token, keys, expected);
  checkType(token);
  const { now } = expected;
  const { jti, iat = 0, exp = 0, sid, sub } = claims;
  if (claims.nonce !== undefined) throw refusedToken("it has a nonce, which is an ID token's");
  if (!hasLogoutEvent(claims.events))
    throw refusedToken(`events is ${show(claims.events)}, without ${logoutEvent}`);
  if (now - iat > maxAge) throw refusedToken(`iat is ${now - iat} s ago, more than ${maxAge}`);
  if (!isText(jti)) throw refusedToken(`jti is ${show(jti)}`);
  if (sid !== undefined && !isText(sid)) throw refusedToken(`sid is ${show(sid)}`);
  if (sub !== undefined && !isText(sub)) throw refusedToken(`sub is ${show(sub)}`);
  if (sid === undefined && sub === undefined) throw refusedToken("it has neither sub nor sid");
  return {
    id: jti,
    issuer,
    sid,
    subject: sub === undefined ? undefined : subjectOf(claims),
    acceptedUntil: refusedFrom(iat, exp),
  };
}

/** From this instant on the same token is refused for its age. */
function refusedFrom(iat: number, exp: number): Seconds {
  return seconds(Math.min(exp + skew, iat + maxAge + 1));
}

/** Explicit typing, where there is any (§2.4, RFC 8725 §3.11). */
function checkType(token: string): void {
  const { typ } = decodeProtectedHeader(token);
  if (typ === undefined || /^(?:application\/)?logout\+jwt$/i.test(typ)) return;
  throw refusedToken(`its typ is ${show(typ)}, not logout+jwt`);
}

function hasLogoutEvent(events: unknown): boolean {
  return isObject(events) && Object.hasOwn(events, logoutEvent) && isObject(events[logoutEvent]);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && /^[\x20-\x7E]{1,255}$/.test(value);
}
