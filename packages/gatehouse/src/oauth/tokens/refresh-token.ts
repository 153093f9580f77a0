import { timingSafeEqual } from "node:crypto";
import type { Random } from "../ports.ts";
import type { Grant } from "../records.ts";
import type { Settings } from "../settings.ts";
import type { GrantId } from "../values.ts";
import { mac } from "./mac.ts";
import { refreshTokenPrefix } from "./prefixes.ts";

/*
 * A refresh token: gatehouse_rt_ + base64url(grant id 16 | generation 4 | MAC 32 bytes). Nothing of it is
 * stored but the grant's salt and generation.
 */

/** @param order 48 bits that it begins with, see {@link GrantStore.nextGrantOrder}; 80 are random then */
export function mintGrantId(random: Random, order?: number): GrantId {
  const bytes = random.bytes(16);
  if (order !== undefined) bytes.writeUIntBE(order, 0, 6);
  return bytes.toString("base64url") as GrantId;
}

/** The salt in the grant's row: without it the server's secret alone mints nothing. */
export function mintSalt(random: Random): string {
  return random.bytes(16).toString("base64url");
}

/**
 * The refresh token of one generation of a grant. Always the same for the same generation and key, so that a
 * replayed rotation can answer with the very same successor without anything secret being stored.
 */
export function refreshTokenOf(
  grant: Pick<Grant, "id" | "salt">,
  generation: number,
  settings: Settings,
): string {
  const named = nameGeneration(grant.id, generation);
  return (
    refreshTokenPrefix +
    Buffer.concat([named, seal(settings.secretKeys[0], grant.salt, named)]).toString("base64url")
  );
}

export interface PresentedRefreshToken {
  readonly grantId: GrantId;
  readonly generation: number;
  readonly mac: Buffer;
}

/**
 * Takes a refresh token apart; `undefined` when it has not the shape of one. Proves nothing: see {@link
 * isGenuine}.
 */
export function parseRefreshToken(token: string): PresentedRefreshToken | undefined {
  if (!token.startsWith(refreshTokenPrefix)) return undefined;
  const encoded = token.slice(refreshTokenPrefix.length);
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
  return settings.secretKeys.some((key) => timingSafeEqual(seal(key, grant.salt, named), token.mac));
}

function nameGeneration(grantId: GrantId, generation: number): Buffer {
  const named = Buffer.alloc(20);
  named.write(grantId, "base64url");
  named.writeUInt32BE(generation, 16);
  return named;
}

function seal(key: Buffer, salt: string, named: Buffer): Buffer {
  return mac(key, Buffer.concat([Buffer.from(`refresh token${salt}`), named]));
}
