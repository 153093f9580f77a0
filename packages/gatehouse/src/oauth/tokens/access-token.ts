import { hash } from "node:crypto";
import type { Random } from "../ports.ts";
import type { Settings } from "../settings.ts";
import { mintSecret } from "./secret.ts";

/*
 * An access token: TOKEN_PREFIX + 43 characters (256 random bits) + 6 characters of checksum.
 */

const maxTokenLength = 512;
/** 128 bits in hexadecimal: nothing that ever was a token is shorter. */
const minSecretLength = 32;

export function mintAccessToken(random: Random, settings: Settings): string {
  const body = mintSecret(random, settings.tokenPrefixes[0]);
  return body + checksum(body);
}

/**
 * Whether a string can be an access token at all, told without a look-up: one of our prefixes, and our
 * checksum where it has our length. Tokens of the service we replace have none and another length.
 */
export function isAccessTokenShaped(token: string, settings: Settings): boolean {
  if (token.length > maxTokenLength) return false;
  const prefix = settings.tokenPrefixes.find((candidate) => token.startsWith(candidate));
  if (prefix === undefined || token.length < prefix.length + minSecretLength) return false;
  if (!/^[A-Za-z0-9._~+/=-]+$/.test(token)) return false;
  if (token.length !== prefix.length + 49) return true;
  return checksum(token.slice(0, -6)) === token.slice(-6);
}

/** No secret: lets scanners and us tell a token from garbage. */
function checksum(body: string): string {
  return hash("sha256", `checksum ${body}`, "base64url").slice(0, 6);
}
