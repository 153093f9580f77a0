import type { JWTPayload } from "jose";
import type { Seconds } from "../../oauth/values.ts";
import type { IssuerRule } from "./issuer.ts";
import { refusedToken, show } from "./refusal.ts";
import { checkIssuedAt, type Keys, verifySignature } from "./signature.ts";

export interface Expected {
  readonly issuers: IssuerRule;
  /** What the provider's metadata calls it. */
  readonly issuerOfMetadata: string;
  readonly clientId: string;
  readonly now: Seconds;
}

/** A token that is the provider's, for us, alive and of this attempt. */
export interface ProvenToken {
  readonly claims: JWTPayload;
  /** Whose account it is about; at most providers the only one there is. */
  readonly issuer: string;
}

/**
 * Whether an ID token proves anything (OpenID Connect Core §3.1.3.7, RFC 8725). Throws `SignInError` with
 * `server_error` when not. Messages say which claim failed, and never hold the token.
 */
export async function verifyIdToken(
  token: string,
  keys: Keys,
  expected: Expected & { readonly nonce: string },
): Promise<ProvenToken> {
  const proven = await verifyProviderToken(token, keys, expected);
  checkNonce(proven.claims, expected.nonce);
  checkSubject(proven.claims);
  return proven;
}

/** What every token of a provider must prove: whose it is, for whom, and that it is of now. */
export async function verifyProviderToken(
  token: string,
  keys: Keys,
  expected: Expected,
): Promise<ProvenToken> {
  const { payload: claims, keyIssuers } = await verifySignature(token, keys, expected.now);
  const issuer = expected.issuers.ofToken(claims, expected.issuerOfMetadata, keyIssuers);
  checkAudience(claims, expected.clientId);
  if (typeof claims.iat !== "number") throw refusedToken(`iat is ${show(claims.iat)}, no number`);
  checkIssuedAt(claims, expected.now);
  return { claims, issuer };
}

/** V12: userinfo as a signed JWT. It has no nonce and need not expire (OpenID Connect Core §5.3.2). */
export async function verifySignedUserinfo(
  token: string,
  keys: Keys,
  expected: Expected,
): Promise<JWTPayload> {
  const { payload: claims, keyIssuers } = await verifySignature(token, keys, expected.now, []);
  expected.issuers.ofToken(claims, expected.issuerOfMetadata, keyIssuers);
  checkAudience(claims, expected.clientId);
  checkIssuedAt(claims, expected.now);
  return claims;
}

/** C11: for us, and for nobody else unless it was issued to us (`azp`): some providers list every client. */
function checkAudience({ aud, azp }: JWTPayload, clientId: string): void {
  const audiences = Array.isArray(aud) ? aud : [aud];
  if (!audiences.includes(clientId))
    throw refusedToken(`aud is ${show(aud)}, without our client id ${clientId}`);
  if (azp !== undefined && azp !== clientId)
    throw refusedToken(`azp is ${show(azp)}, not our client id ${clientId}`);
  if (azp === undefined && audiences.some((audience) => audience !== clientId)) {
    throw refusedToken(`aud is ${show(aud)}, with other audiences and no azp`);
  }
}

/** C07, V50. */
function checkNonce({ nonce }: JWTPayload, expected: string): void {
  if (nonce === expected) return;
  throw refusedToken(
    nonce === undefined
      ? "it has no nonce though one was sent: the provider, or something between, forgets it (OpenID Connect Core §3.1.3.7 no. 11 demands it)"
      : "its nonce is not the one of this attempt",
  );
}

/** C12. */
function checkSubject({ sub }: JWTPayload): void {
  if (typeof sub !== "string" || !/^[\x20-\x7E]{1,255}$/.test(sub)) {
    throw refusedToken("sub is not a text of 1 to 255 ASCII characters");
  }
}
