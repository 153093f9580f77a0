import { hash, timingSafeEqual } from "node:crypto";
import type { Random } from "./ports.ts";
import type { SecretHash } from "./values.ts";

/**
 * Mints a high-entropy secret: `prefix` plus 256 random bits as 43 characters of base64url (T01). The prefix keeps the
 * kinds apart, so that no value is valid as two things (T08), and lets secret scanners recognise it.
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
