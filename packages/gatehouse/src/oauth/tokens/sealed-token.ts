import { timingSafeEqual } from "node:crypto";
import type { Grant } from "../records.ts";
import type { Settings } from "../settings.ts";
import { type GrantId, type Seconds, seconds } from "../values.ts";
import { checksum, checksumLength } from "./checksum.ts";
import { derivedKey } from "./derived-key.ts";
import { mac } from "./mac.ts";

/*
 * A sealed access token is a statement about a grant, and no row: TOKEN_PREFIX + base64url(grant id 16 |
 * generation 4 | issued 4 | end 4 | MAC 16 bytes) + checksum. The MAC's key comes from the server's secret,
 * the grant's salt is part of what it is over: neither the database nor the secret alone makes one (X04).
 * What it allows is what the grant allows when somebody asks; it ends with the grant.
 */

const idBytes = 16;
const statementBytes = 28;
const saltBytes = 16;
/** 128 bits: a guess is made online, one introspection each. */
const macBytes = 16;
const encodedLength = Math.ceil(((statementBytes + macBytes) * 4) / 3);
/** Characters after the prefix. */
export const sealedLength = encodedLength + checksumLength;

/** What a sealed token states; proven by {@link isSealedBy}. */
export interface SealedToken {
  readonly grantId: GrantId;
  /** The live generation of the grant's refresh token when it was issued. */
  readonly generation: number;
  readonly issuedAt: Seconds;
  readonly expiresAt: Seconds;
}

export interface PresentedSealedToken extends SealedToken {
  /** The statement, and its MAC behind it. */
  readonly bytes: Buffer;
}

/** @param statement of a grant with this salt */
export function sealAccessToken(
  statement: SealedToken,
  salt: string,
  { secretKeys, tokenPrefixes }: Pick<Settings, "secretKeys" | "tokenPrefixes">,
): string {
  const bytes = Buffer.alloc(statementBytes + macBytes);
  bytes.write(statement.grantId, "base64url");
  bytes.writeUInt32BE(statement.generation, 16);
  bytes.writeUInt32BE(statement.issuedAt, 20);
  bytes.writeUInt32BE(statement.expiresAt, 24);
  sealOf(secretKeys[0], salt, bytes).copy(bytes, statementBytes);
  const body = tokenPrefixes[0] + bytes.toString("base64url");
  return body + checksum(body);
}

/**
 * Takes a token apart; `undefined` when it is not shaped as a sealed one. Proves nothing, and needs no
 * look-up (X05).
 */
export function parseSealedToken(
  token: string,
  { tokenPrefixes }: Pick<Settings, "tokenPrefixes">,
): PresentedSealedToken | undefined {
  const prefix = tokenPrefixes.find(
    (candidate) => token.length === candidate.length + sealedLength && token.startsWith(candidate),
  );
  if (prefix === undefined) return undefined;
  const body = token.slice(0, -checksumLength);
  if (!token.endsWith(checksum(body))) return undefined;
  const encoded = body.slice(prefix.length);
  const bytes = Buffer.from(encoded, "base64url");
  // Another spelling of the same bytes is another token.
  if (bytes.toString("base64url") !== encoded) return undefined;
  return {
    grantId: bytes.toString("base64url", 0, idBytes) as GrantId,
    generation: bytes.readUInt32BE(16),
    issuedAt: seconds(bytes.readUInt32BE(20)),
    expiresAt: seconds(bytes.readUInt32BE(24)),
    bytes,
  };
}

/**
 * Whether this server made the token for this grant, under the newest or an older key. Constant time (T04).
 */
export function isSealedBy(
  { bytes }: PresentedSealedToken,
  { salt }: Pick<Grant, "salt">,
  { secretKeys }: Pick<Settings, "secretKeys">,
): boolean {
  const presented = bytes.subarray(statementBytes);
  return secretKeys.some((key) => timingSafeEqual(sealOf(key, salt, bytes), presented));
}

/** What a MAC is over; nothing there outlives a call. */
const message = Buffer.alloc(saltBytes + statementBytes);

/** @param statement the first bytes of these */
function sealOf(secretKey: Buffer, salt: string, statement: Buffer): Buffer {
  const at = message.write(salt, 0, saltBytes, "base64url");
  const end = at + statement.copy(message, at, 0, statementBytes);
  return mac(accessTokenKey(secretKey), message.subarray(0, end)).subarray(0, macBytes);
}

function accessTokenKey(secretKey: Buffer): Buffer {
  const known = derivedKeys.get(secretKey);
  if (known !== undefined) return known;
  const derived = derivedKey(secretKey, "gatehouse access token");
  derivedKeys.set(secretKey, derived);
  return derived;
}

const derivedKeys = new WeakMap<Buffer, Buffer>();
