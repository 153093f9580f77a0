import { createCipheriv, createDecipheriv, hash } from "node:crypto";
import { derivedKey } from "../../oauth/tokens/derived-key.ts";
import { mac } from "../../oauth/tokens/mac.ts";

/*
 * What the client gets in the place of a server's own session id, or of the address of an HTTP+SSE session:
 * both and their owner, encrypted and authenticated (AES-256-GCM) under a key of its own made of the server's
 * (RFC 5869). So nothing has to be kept: each process opens it, after a restart too. The nonce is made of
 * what is sealed, so that one id is always sealed to the same, however often a server repeats it.
 */

/** Whose a session is (W42). */
export interface Owner {
  readonly subject: string;
  readonly clientId: string;
  /** The name of the protected server. */
  readonly server: string;
}

/** What is sealed: a session id, or path and query of an endpoint. */
export type Purpose = "session" | "endpoint";

const nonceBytes = 12;
const ownerBytes = 16;
const tagBytes = 16;
const maxSealedLength = 1024;

/** @returns visible ASCII; `undefined` where it would be longer than 1 KiB */
export function seal(
  text: string,
  purpose: Purpose,
  owner: Owner,
  secretKeys: readonly [Buffer, ...Buffer[]],
): string | undefined {
  const plain = Buffer.concat([ownerMark(purpose, owner), Buffer.from(text)]);
  const { encryption, nonce } = keysOf(secretKeys[0]);
  const iv = mac(nonce, plain).subarray(0, nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", encryption, iv);
  const sealed = Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  const encoded = sealed.toString("base64url");
  return encoded.length > maxSealedLength ? undefined : encoded;
}

/**
 * What was sealed, by the newest or an older key. `foreign`: it was sealed here, for somebody else or as
 * something else. `undefined`: not sealed here, or not any more by a key that is listed.
 */
export function unseal(
  sealed: string,
  purpose: Purpose,
  owner: Owner,
  secretKeys: readonly Buffer[],
): { readonly text: string } | "foreign" | undefined {
  if (sealed.length > maxSealedLength || !/^[\w-]+$/.test(sealed)) return undefined;
  const bytes = Buffer.from(sealed, "base64url");
  if (bytes.length < nonceBytes + ownerBytes + tagBytes) return undefined;
  // Another spelling of the same bytes is another id.
  if (bytes.toString("base64url") !== sealed) return undefined;
  for (const key of secretKeys) {
    const plain = decrypted(bytes, keysOf(key).encryption);
    if (plain === undefined) continue;
    // Both were made here: nobody learns from the time this takes what they could forge.
    if (!plain.subarray(0, ownerBytes).equals(ownerMark(purpose, owner))) return "foreign";
    return { text: plain.subarray(ownerBytes).toString() };
  }
  return undefined;
}

function decrypted(bytes: Buffer, key: Buffer): Buffer | undefined {
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAuthTag(bytes.subarray(-tagBytes));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()]);
  } catch {
    return undefined; // another key made it, or nobody's
  }
}

function ownerMark(purpose: Purpose, { server, subject, clientId }: Owner): Buffer {
  const text = JSON.stringify([purpose, server, subject, clientId]);
  return hash("sha256", text, "buffer").subarray(0, ownerBytes);
}

function keysOf(secretKey: Buffer): { readonly encryption: Buffer; readonly nonce: Buffer } {
  const known = derivedKeys.get(secretKey);
  if (known !== undefined) return known;
  const derived = {
    encryption: derivedKey(secretKey, "gatehouse mcp session"),
    nonce: derivedKey(secretKey, "gatehouse mcp session nonce"),
  };
  derivedKeys.set(secretKey, derived);
  return derived;
}

const derivedKeys = new WeakMap<Buffer, ReturnType<typeof keysOf>>();
