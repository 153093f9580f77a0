import { createECDH, createPrivateKey, hash, type KeyObject } from "node:crypto";
import { derivedKey } from "../../oauth/tokens/derived-key.ts";

/*
 * Assertions about callers are signed by keys derived from those of the server (RFC 5869), so that all
 * processes publish the same ones, after a restart too, and nothing has to be kept. ES256, because every
 * language's JWT library knows it.
 */

export interface AssertionKey {
  /** RFC 7638. */
  readonly id: string;
  readonly privateKey: KeyObject;
  readonly publicJwk: Readonly<Record<string, string>>;
}

/** The order of P-256. */
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** 64 bits more than the order has, so that the remainder favours no key (FIPS 186-5 A.2.1). */
const derivedBytes = 40;

export function assertionKey(secretKey: Buffer): AssertionKey {
  const derived = derivedKey(secretKey, "gatehouse caller assertion", derivedBytes);
  const scalar = (BigInt(`0x${derived.toString("hex")}`) % (order - 1n)) + 1n;
  const secret = Buffer.from(scalar.toString(16).padStart(64, "0"), "hex");
  const curve = createECDH("prime256v1");
  curve.setPrivateKey(secret);
  const point = curve.getPublicKey();
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((half) => half.toString("base64url"));
  const members = { crv: "P-256", kty: "EC", x: x ?? "", y: y ?? "" };
  const id = hash("sha256", JSON.stringify(members), "base64url");
  const jwk = { ...members, d: secret.toString("base64url") };
  return {
    id,
    privateKey: createPrivateKey({ key: jwk, format: "jwk" }),
    publicJwk: { ...members, kid: id, use: "sig", alg: "ES256" },
  };
}
