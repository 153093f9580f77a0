import { createHmac, hash, timingSafeEqual } from "node:crypto";
import type { Random } from "../ports.ts";
import type { Client, Grant } from "../records.ts";
import type { Settings } from "../settings.ts";
import type { GrantId } from "../values.ts";
import { equalSecrets, mintSecret } from "./secret.ts";

/*
 * The tokens' outward shapes. Each kind has a prefix of its own, so that no value is valid as two kinds (T08).
 *   access token   TOKEN_PREFIX + 43 characters (256 random bits) + 6 characters of checksum
 *   refresh token  gatehouse_rt_ + base64url(grant id 16 | generation 4 | MAC 32 bytes)
 */
const refreshPrefix = "gatehouse_rt_";
export const codePrefix = "gatehouse_ac_";
export const resourceCredentialPrefix = "gatehouse_rs_";
export const clientSecretPrefix = "gatehouse_cs_";
export const registrationTokenPrefix = "gatehouse_rg_";

const longestToken = 512;
/** 128 bits in hexadecimal: nothing that ever was a token is shorter. */
const shortestSecret = 32;

export function mintAccessToken(random: Random, settings: Settings): string {
  const body = mintSecret(random, settings.tokenPrefixes[0]);
  return body + checksum(body);
}

/**
 * Whether a string can be an access token at all, told without a look-up: one of our prefixes, and our checksum where it has our length.
 * Tokens of the service we replace have none and another length.
 */
export function isAccessTokenShaped(token: string, settings: Settings): boolean {
  if (token.length > longestToken) return false;
  const prefix = settings.tokenPrefixes.find((candidate) => token.startsWith(candidate));
  if (prefix === undefined || token.length < prefix.length + shortestSecret) return false;
  if (!/^[A-Za-z0-9._~+/=-]+$/.test(token)) return false;
  if (token.length !== prefix.length + 49) return true;
  return checksum(token.slice(0, -6)) === token.slice(-6);
}

/** No secret: lets scanners and us tell a token from garbage. */
function checksum(body: string): string {
  return hash("sha256", `checksum ${body}`, "base64url").slice(0, 6);
}

export function mintGrantId(random: Random): GrantId {
  return random.bytes(16).toString("base64url") as GrantId;
}

/** The salt in the grant's row: without it the server's secret alone mints nothing. */
export function mintSalt(random: Random): string {
  return random.bytes(16).toString("base64url");
}

/**
 * The refresh token of one generation of a grant. Always the same for the same generation and key, so that a replayed rotation can
 * answer with the very same successor without anything secret being stored.
 */
export function refreshTokenOf(
  grant: Pick<Grant, "id" | "salt">,
  generation: number,
  settings: Settings,
): string {
  const named = nameGeneration(grant.id, generation);
  return (
    refreshPrefix +
    Buffer.concat([named, mac(settings.secretKeys[0], grant.salt, named)]).toString("base64url")
  );
}

/**
 * The token with which a client manages its registration (RFC 7592). Nothing of it is stored: it is a MAC over what only this registration has,
 * so that every holder of a shared one gets the same, and none outlives its client.
 */
export function registrationTokenOf(client: Client, settings: Settings): string {
  return registrationToken(client, settings.secretKeys[0]);
}

/** Whether it is that client's, under the newest or an older key. Constant time (T04). */
export function isRegistrationTokenOf(client: Client, token: string, settings: Settings): boolean {
  return settings.secretKeys.some((key) => equalSecrets(registrationToken(client, key), token));
}

function registrationToken({ id, createdAt, secretHash }: Client, key: Buffer): string {
  const text = JSON.stringify(["registration", id, createdAt, secretHash ?? ""]);
  return registrationTokenPrefix + createHmac("sha256", key).update(text).digest("base64url");
}

export interface PresentedRefreshToken {
  readonly grantId: GrantId;
  readonly generation: number;
  readonly mac: Buffer;
}

/** Takes a refresh token apart; `undefined` when it has not the shape of one. Proves nothing: see {@link isGenuine}. */
export function parseRefreshToken(token: string): PresentedRefreshToken | undefined {
  if (!token.startsWith(refreshPrefix)) return undefined;
  const encoded = token.slice(refreshPrefix.length);
  const bytes = Buffer.from(encoded, "base64url");
  if (bytes.length !== 52 || bytes.toString("base64url") !== encoded) return undefined;
  return {
    grantId: bytes.subarray(0, 16).toString("base64url") as GrantId,
    generation: bytes.readUInt32BE(16),
    mac: bytes.subarray(20),
  };
}

/** Whether this server minted the token, under the newest or an older key. Constant time (T04). */
export function isGenuine(
  token: PresentedRefreshToken,
  grant: Pick<Grant, "id" | "salt">,
  settings: Settings,
): boolean {
  const named = nameGeneration(token.grantId, token.generation);
  return settings.secretKeys.some((key) => timingSafeEqual(mac(key, grant.salt, named), token.mac));
}

function nameGeneration(grantId: GrantId, generation: number): Buffer {
  const named = Buffer.alloc(20);
  named.write(grantId, "base64url");
  named.writeUInt32BE(generation, 16);
  return named;
}

function mac(key: Buffer, salt: string, named: Buffer): Buffer {
  return createHmac("sha256", key).update("refresh token").update(salt).update(named).digest();
}
