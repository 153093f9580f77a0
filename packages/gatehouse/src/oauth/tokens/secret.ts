import { hash, timingSafeEqual } from "node:crypto";
import type { Random } from "../ports.ts";
import type { SecretHash } from "../values.ts";

/**
 * Mints a high-entropy secret: `prefix` plus 256 random bits as 43 characters of base64url (T01). The prefix
 * keeps the kinds apart, so that no value is valid as two things (T08), and lets secret scanners recognise
 * it.
 */
export function mintSecret(random: Random, prefix = ""): string {
  return prefix + random.bytes(32).toString("base64url");
}

/** What is stored of a secret: unpadded base64url of SHA-256 over the whole string, prefix included (T02). */
export function hashSecret(secret: string): SecretHash {
  return hash("sha256", secret, "base64url") as SecretHash;
}

/** Compares in constant time whatever the lengths (T04): both sides are hashed first. */
export function equalSecrets(left: string, right: string): boolean {
  return timingSafeEqual(Buffer.from(hashSecret(left)), Buffer.from(hashSecret(right)));
}

/**
 * Whether a secret is beyond guessing, told by its shape: 256 random bits as this server mints them, or at
 * least 128 as `openssl rand` writes them in base64 or hexadecimal. One that was thought up by somebody is
 * not, however long.
 */
export function isUnguessable(secret: string): boolean {
  const body = secret.replace(/^gatehouse_[a-z]{2}_/, "");
  if (/^(?:[0-9a-f]{2}){16,}$/.test(body)) return new Set(body).size >= 8;
  const random = /^(?:[A-Za-z0-9+/]{22}==|[A-Za-z0-9_-]{43}|[A-Za-z0-9+/]{43}=)$/;
  return random.test(body) && /[A-Z]/.test(body) && /[a-z]/.test(body) && new Set(body).size >= 12;
}
