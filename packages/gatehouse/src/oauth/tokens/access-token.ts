import type { Random } from "../ports.ts";
import type { Settings } from "../settings.ts";
import { checksum, checksumLength } from "./checksum.ts";
import { sealedLength } from "./sealed-token.ts";
import { mintSecret } from "./secret.ts";

/*
 * A stored access token: TOKEN_PREFIX + 43 characters (256 random bits) + 6 characters of checksum. Its row
 * is found by its hash. The other kind is in `sealed-token.ts`.
 */

const maxTokenLength = 512;
/** 128 bits in hexadecimal: nothing that ever was a token is shorter. */
const minSecretLength = 32;
const storedLength = 43 + checksumLength;

export function mintAccessToken(random: Random, settings: Settings): string {
  const body = mintSecret(random, settings.tokenPrefixes[0]);
  return body + checksum(body);
}

/**
 * Whether a string can be a stored access token at all, told without a look-up: one of our prefixes, and our
 * checksum where it has our length. Tokens of the service we replace have none and another length.
 */
export function isStoredTokenShaped(token: string, settings: Pick<Settings, "tokenPrefixes">): boolean {
  if (token.length > maxTokenLength) return false;
  const prefix = settings.tokenPrefixes.find((candidate) => token.startsWith(candidate));
  if (prefix === undefined || token.length < prefix.length + minSecretLength) return false;
  if (!/^[A-Za-z0-9._~+/=-]+$/.test(token)) return false;
  if (token.length === prefix.length + sealedLength) return false;
  if (token.length !== prefix.length + storedLength) return true;
  return checksum(token.slice(0, -checksumLength)) === token.slice(-checksumLength);
}
