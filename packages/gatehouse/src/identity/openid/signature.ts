import {
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  type JWTVerifyOptions,
  type JWTVerifyResult,
  jwtVerify,
} from "jose";
import { SignInError } from "../../oauth/ports.ts";
import type { Seconds } from "../../oauth/values.ts";
import type { FetchedDocument } from "./fetched-document.ts";
import { refusedToken } from "./refusal.ts";
import type { SigningKeys } from "./signing-keys.ts";

/** Asymmetric ones only (C09): with `none` or a MAC, anybody who knows the public key could be anybody. */
const algorithms = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "ES512", "EdDSA", "Ed25519"],
];

/** How far the provider's clock may be from ours, in seconds (C12). */
export const skew = 60;

export type Keys = Pick<FetchedDocument<SigningKeys>, "current" | "renewed" | "renewableAt">;

export interface Signed {
  readonly payload: JWTPayload;
  /** The `issuer` members of the keys that may have signed it (V25). */
  readonly keyIssuers: readonly unknown[];
}

/**
 * C09, C12. The key comes from the provider's key set alone: `jwk`, `jku` and `x5u` in the header are never
 * looked at. Throws {@link SignInError} that says what was wrong, and with the times, whose clock says what.
 * @param requiredClaims `exp` in an ID token
 */
export async function verifySignature(
  token: string,
  keys: Keys,
  now: Seconds,
  requiredClaims: readonly string[] = ["exp"],
): Promise<Signed> {
  const options: JWTVerifyOptions = {
    algorithms,
    requiredClaims: [...requiredClaims],
    clockTolerance: skew,
    currentDate: new Date(now * 1000),
  };
  let renewed: SigningKeys | undefined;
  try {
    const known = await keys.current();
    const verify = async (by: SigningKeys) => signedBy(by, await jwtVerify(token, by.find, options));
    return await verify(known).catch(async (error: unknown) => {
      if (!mayBeNewKey(error)) throw error;
      const newest = await keys.renewed();
      if (newest === known) throw error;
      renewed = newest;
      return verify(newest);
    });
  } catch (error) {
    if (error instanceof SignInError) throw error;
    throw refusal(error, token, now, renewed === undefined ? keys.renewableAt() : undefined);
  }
}

function signedBy(keys: SigningKeys, { payload, protectedHeader }: JWTVerifyResult): Signed {
  return { payload, keyIssuers: keys.issuersOf(protectedHeader.kid) };
}

/** The provider may have changed its keys since we looked; some do so without a new `kid`. */
function mayBeNewKey(error: unknown): boolean {
  return error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWSSignatureVerificationFailed;
}

/**
 * V50: what an operator can do something about has a sentence of its own.
 * @param next when the keys can be fetched again; `undefined`: they were, for this token
 */
function refusal(error: unknown, token: string, now: Seconds, next: Seconds | undefined): SignInError {
  const claim = timeClaimOf(error);
  if (claim !== undefined) return clocksDiffer(claim.name, claim.payload, now);
  const why = whyRefused(error, token, next);
  return mayBeNewKey(error)
    ? refusedToken(why, { reason: { key: "providerUnproven" }, logReason: "signature" })
    : refusedToken(why);
}

function whyRefused(error: unknown, token: string, next: Seconds | undefined): string {
  const message = error instanceof Error ? error.message : String(error);
  if (mayBeNewKey(error)) {
    const looked =
      next === undefined
        ? "its keys were fetched once more for it"
        : `its keys were fetched moments ago, and are again from ${instant(next)} on (30 s, no restart)`;
    const kid = error instanceof errors.JWKSNoMatchingKey ? underNoKid(token) : underKid(token);
    return `${message} ${kid}; ${looked}. If it goes on, it publishes another key under the same kid`;
  }
  const algorithm = headerOf(token, "alg");
  if (error instanceof errors.JOSEAlgNotAllowed && algorithm.startsWith("HS")) {
    return `${message}: it is signed with ${algorithm}, by a secret instead of a key. Let the provider sign with RS256: at Auth0 "JSON Web Token Signature Algorithm" of the application, at authentik "Signing Key" of the provider`;
  }
  return message;
}

const underNoKid = (token: string) => `under the kid ${headerOf(token, "kid")}, which is not among its keys`;

function underKid(token: string): string {
  const kid = headerOf(token, "kid");
  return kid === "undefined" ? "with its only key" : `under the kid ${kid}, which is a known one`;
}

/** A member of the header, which is a stranger's word; for the log. */
function headerOf(token: string, name: "kid" | "alg"): string {
  try {
    return String(decodeProtectedHeader(token)[name]).slice(0, 100);
  } catch {
    return "(unreadable)";
  }
}

type TimeClaim = "exp" | "iat" | "nbf";

/** The claim that the time is wrong for, if that is what failed. */
function timeClaimOf(error: unknown): { name: TimeClaim; payload: JWTPayload } | undefined {
  if (error instanceof errors.JWTExpired) return { name: "exp", payload: error.payload };
  const isTime = error instanceof errors.JWTClaimValidationFailed && error.reason === "check_failed";
  return isTime && (error.claim === "nbf" || error.claim === "exp")
    ? { name: error.claim, payload: error.payload }
    : undefined;
}

/** C12: a token of the future. */
export function checkIssuedAt(claims: JWTPayload, now: Seconds): void {
  if (claims.iat !== undefined && claims.iat > now + skew) throw clocksDiffer("iat", claims, now);
}

/**
 * C12, V51. The token is moments old: what its times say against ours is a clock's fault, and the operator is
 * told how far they are apart.
 */
function clocksDiffer(name: TimeClaim, payload: JWTPayload, now: Seconds): SignInError {
  const at = Number(payload[name]);
  const off = `${Math.abs(at - now)} s ${at > now ? "after" : "before"} this server's clock, ${instant(now)}`;
  const issued =
    name === "exp" && typeof payload.iat === "number"
      ? `; it says it was issued ${now - payload.iat} s ago`
      : "";
  const why = `${name} is ${instant(at)}, ${off}${issued}. Its clock and ours differ: set this server's by NTP first (${skew} s are tolerated)`;
  const theirs = name === "exp" && typeof payload.iat === "number" ? payload.iat : at;
  return refusedToken(why, { reason: { key: "providerClock", seconds: theirs - now }, logReason: "clock" });
}

function instant(at: number): string {
  const date = new Date(at * 1000);
  return Number.isNaN(date.getTime()) ? String(at) : `${date.toISOString().slice(0, 19)}Z`;
}
