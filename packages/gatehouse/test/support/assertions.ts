import { randomUUID } from "node:crypto";
import { exportJWK, generateKeyPair, type JSONWebKeySet, type JWTPayload, SignJWT } from "jose";
import type { TestGatehouse } from "./gatehouse.ts";

/** A key with which a client signs, and what it publishes of it. */
export interface SigningKey {
  readonly jwks: JSONWebKeySet;
  sign(
    claims: JWTPayload,
    header?: { alg?: string; typ?: string; kid?: string; jku?: string },
  ): Promise<string>;
}

/** @param modulusLength bits, of an RSA key */
export async function aSigningKey(
  kid: string = randomUUID(),
  alg = "ES256",
  modulusLength = 2048,
): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true, modulusLength });
  return {
    jwks: { keys: [{ ...(await exportJWK(publicKey)), kid, use: "sig" }] },
    sign: (claims, header) =>
      new SignJWT(claims).setProtectedHeader({ alg, kid, ...header }).sign(privateKey),
  };
}

/** The claims of a good assertion (RFC 7523 §3), some of them changed; `undefined` leaves one out. */
export function claimsFor(
  server: Pick<TestGatehouse, "clock" | "issuer">,
  clientId: string,
  over: Record<string, unknown> = {},
): JWTPayload {
  const now = server.clock.now();
  const claims: Record<string, unknown> = {
    iss: clientId,
    sub: clientId,
    aud: server.issuer,
    jti: randomUUID(),
    iat: now,
    exp: now + 300,
    ...over,
  };
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
}

/** What goes into the form (RFC 7523 §2.2). */
export function asForm(assertion: string): Record<string, string> {
  return {
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: assertion,
  };
}
