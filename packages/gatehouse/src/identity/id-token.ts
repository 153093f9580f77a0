import { errors, type JWTPayload, type JWTVerifyGetKey, type JWTVerifyOptions, jwtVerify } from "jose";
import { type Identity, SignInError } from "../oauth/ports.ts";
import type { Seconds } from "../oauth/values.ts";
import { isEmailAddress } from "./email-address.ts";
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
 * Who the ID token proves somebody to be (OpenID Connect Core §3.1.3.7, RFC 8725). Throws {@link SignInError}: `access_denied` when the
 * token is good but its e-mail address is not verified (C14) or its domain not allowed (C15), `server_error` when the token proves nothing. Messages say which claim
 * failed, and never hold the token.
 */
export async function verifyIdToken(
  token: string,
  keys: FetchedDocument<JWTVerifyGetKey>,
  expected: Expected,
): Promise<Identity> {
  const claims = await verifySignature(token, keys, expected.now);
  checkIssuer(claims, expected.issuer);
  checkAudience(claims, expected.clientId);
  if (typeof claims.iat !== "number" || claims.iat > expected.now + skew) {
    throw refused(`iat is ${show(claims.iat)}, in the future of ${expected.now}: is a clock wrong?`); // C12
  }
  if (claims.nonce !== expected.nonce) throw refused("its nonce is not the one of this attempt"); // C07
  const identity = { issuer: expected.issuer, subject: subjectOf(claims), email: verifiedEmail(claims) };
  checkOrganisation({ ...identity, hostedDomain: claims.hd }, expected.allowedDomains);
  return identity;
}

/** C09. The key comes from the provider's key set alone: `jwk`, `jku` and `x5u` in the header are never looked at. */
async function verifySignature(
  token: string,
  keys: FetchedDocument<JWTVerifyGetKey>,
  now: Seconds,
): Promise<JWTPayload> {
  const options: JWTVerifyOptions = {
    algorithms,
    requiredClaims: ["exp"],
    clockTolerance: skew,
    currentDate: new Date(now * 1000),
  };
  try {
    return await jwtVerify(token, await keys.current(), options)
      .catch(async (error: unknown) => {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
        // The provider may have changed its keys since we looked.
        return jwtVerify(token, await keys.renewed(), options);
      })
      .then(({ payload }) => payload);
  } catch (error) {
    if (error instanceof SignInError) throw error;
    throw refused(error instanceof Error ? error.message : String(error));
  }
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
function verifiedEmail({ email, email_verified: verified }: JWTPayload): string {
  if (typeof email !== "string" || !isEmailAddress(email)) {
    throw new SignInError(
      "access_denied",
      "the ID token carries no e-mail address: is the scope email allowed?",
      {
        hint: "the identity provider gave no e-mail address for this account",
      },
    );
  }
  if (verified !== true) {
    throw new SignInError("access_denied", `email_verified is ${show(verified)}, must be true`, {
      hint: "the identity provider has not verified the e-mail address of this account",
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
