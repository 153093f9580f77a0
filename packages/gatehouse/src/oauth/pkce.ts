import { hash } from "node:crypto";
import { equalSecrets } from "./tokens/secret.ts";

/** An S256 challenge: base64url of a SHA-256, 43 characters without padding (RFC 7636 §4.2, B14). */
export function isCodeChallenge(value: string): boolean {
  return /^[A-Za-z0-9_-]{43}$/.test(value);
}

/** A verifier as RFC 7636 §4.1 spells it (F10). */
export function isCodeVerifier(value: string): boolean {
  return /^[A-Za-z0-9\-._~]{43,128}$/.test(value);
}

/** Whether the verifier hashes to the challenge, compared in constant time (RFC 7636 §4.6). */
export function verifies(codeVerifier: string, codeChallenge: string): boolean {
  return equalSecrets(hash("sha256", codeVerifier, "base64url"), codeChallenge);
}
