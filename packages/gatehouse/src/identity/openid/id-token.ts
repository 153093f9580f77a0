import { errors, type JWTPayload, type JWTVerifyGetKey, type JWTVerifyOptions, jwtVerify } from "jose";
import { type Identity, SignInError } from "../../oauth/ports.ts";
import type { Seconds } from "../../oauth/values.ts";
import { isEmailAddress } from "../email-address.ts";
import type { FetchedDocument } from "./fetched-document.ts";
import { checkOrganisation, google } from "./organisation.ts";

export interface Expected {
  readonly issuer: string;
  readonly clientId: string;
  readonly nonce: string;
  readonly now: Seconds;
  /** Lower case; `undefined`: any account may sign in. */
  readonly allowedDomains: readonly string[] | undefined;
}

/** Asymmetric ones only (C09): with `none` or a MAC, anybody who knows the public key could be anybody. */
const algorithms = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "ES512", "EdDSA", "Ed25519"],
];

/** How far the provider's clock may be from ours, in seconds (C12). */
const skew = 60;

/**
 * Who the ID token proves somebody to be (OpenID Connect Core §3.1.3.7, RFC 8725). Throws {@link
 * SignInError}: `access_denied` when the token is good but its e-mail address is not verified (C14) or its
 * domain not allowed (C15), `server_error` when the token proves nothing. Messages say which claim failed,
 * and never hold the token.
 */
export async function verifyIdToken(
  token: string,
  keys: Pick<FetchedDocument<JWTVerifyGetKey>, "current" | "renewed">,
  expected: Expected,
): Promise<Pick<Identity, "issuer" | "subject" | "email">> {
  const claims = await verifySignature(token, keys, expected.now);
  checkIssuer(claims, expected.issuer);
  checkAudience(claims, expected.clientId);
  if (typeof claims.iat !== "number") throw refused(`iat is ${show(claims.iat)}, no number`);
  if (claims.iat > expected.now + skew) throw refused(clocksDiffer("iat", claims, expected.now)); // C12
  if (claims.nonce !== expected.nonce) throw refused("its nonce is not the one of this attempt"); // C07
  const identity = { issuer: expected.issuer, subject: subjectOf(claims), email: verifiedEmail(claims) };
  checkOrganisation({ ...identity, hostedDomain: claims.hd }, expected.allowedDomains);
  return identity;
}

/**
 * C09. The key comes from the provider's key set alone: `jwk`, `jku` and `x5u` in the header are never looked
 * at.
 */
async function verifySignature(
  token: string,
  keys: Pick<FetchedDocument<JWTVerifyGetKey>, "current" | "renewed">,
  now: Seconds,
): Promise<JWTPayload> {
  const options: JWTVerifyOptions = {
    algorithms,
    requiredClaims: ["exp"],
    clockTolerance: skew,
    currentDate: new Date(now * 1000),
  };
  try {
    const known = await keys.current();
    const { payload } = await jwtVerify(token, known, options).catch(async (error: unknown) => {
      if (!mayBeNewKey(error)) throw error;
      const renewed = await keys.renewed();
      if (renewed === known) throw error;
      return jwtVerify(token, renewed, options);
    });
    return payload;
  } catch (error) {
    if (error instanceof SignInError) throw error;
    const claim = timeClaimOf(error);
    if (claim !== undefined) throw refused(clocksDiffer(claim.name, claim.payload, now));
    throw refused(error instanceof Error ? error.message : String(error));
  }
}

/** The provider may have changed its keys since we looked; some do so without a new `kid`. */
function mayBeNewKey(error: unknown): boolean {
  return error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWSSignatureVerificationFailed;
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

/**
 * C12. The token is moments old: what its times say against ours is a clock's fault, and the operator is told
 * how far they are apart.
 */
function clocksDiffer(name: TimeClaim, payload: JWTPayload, now: Seconds): string {
  const at = Number(payload[name]);
  const off = `${Math.abs(at - now)} s ${at > now ? "after" : "before"} this server's clock, ${instant(now)}`;
  const issued =
    name === "exp" && typeof payload.iat === "number"
      ? `; it says it was issued ${now - payload.iat} s ago`
      : "";
  return `${name} is ${instant(at)}, ${off}${issued}. Its clock and ours differ: set this server's by NTP, or the provider's (${skew} s are tolerated)`;
}

function instant(at: number): string {
  const date = new Date(at * 1000);
  return Number.isNaN(date.getTime()) ? String(at) : `${at} (${date.toISOString().slice(0, 19)}Z)`;
}

/** C10. Google documents a second form of its own name. */
function checkIssuer({ iss }: JWTPayload, issuer: string): void {
  if (iss === issuer) return;
  if (issuer === google && iss === "accounts.google.com") return;
  throw refused(`iss is ${show(iss)}, expected ${issuer}`);
}

/** C11: for us, and for nobody else unless it was issued to us (`azp`). */
function checkAudience({ aud, azp }: JWTPayload, clientId: string): void {
  const audiences = Array.isArray(aud) ? aud : [aud];
  if (!audiences.includes(clientId)) throw refused(`aud is ${show(aud)}, without our client id ${clientId}`);
  if (azp !== undefined && azp !== clientId)
    throw refused(`azp is ${show(azp)}, not our client id ${clientId}`);
  if (azp === undefined && audiences.some((audience) => audience !== clientId)) {
    throw refused(`aud is ${show(aud)}, with other audiences and no azp`);
  }
}

/** C12. */
function subjectOf({ sub }: JWTPayload): string {
  if (typeof sub !== "string" || !/^[\x20-\x7E]{1,255}$/.test(sub)) {
    throw refused("sub is not a text of 1 to 255 ASCII characters");
  }
  return sub;
}

/** C14: only JSON `true` counts; some providers send `"true"` for what nobody verified. */
function verifiedEmail({ email, email_verified: verified, sub = "" }: JWTPayload): string {
  if (typeof email !== "string" || !isEmailAddress(email)) {
    throw new SignInError(
      "access_denied",
      "the ID token carries no e-mail address: is the scope email allowed?",
      {
        hint: "the identity provider gave no e-mail address for this account",
        reason: { key: "noAddress" },
        account: sub,
      },
    );
  }
  if (verified !== true) {
    throw new SignInError("access_denied", `email_verified is ${show(verified)}, must be true`, {
      hint: "the identity provider has not verified the e-mail address of this account",
      reason: { key: "unverifiedAddress" },
      account: email,
    });
  }
  return email;
}

function refused(why: string): SignInError {
  return new SignInError("server_error", `the identity provider's ID token is refused: ${why}`, {
    hint: "the identity provider's answer could not be verified",
  });
}

function show(claim: unknown): string {
  return (JSON.stringify(claim) ?? "absent").slice(0, 200);
}
