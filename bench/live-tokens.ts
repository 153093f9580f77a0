import { hash } from "node:crypto";
import type { Settings } from "../packages/gatehouse/src/oauth/settings.ts";
import { mintAccessToken } from "../packages/gatehouse/src/oauth/tokens/access-token.ts";
import { refreshTokenOf } from "../packages/gatehouse/src/oauth/tokens/refresh-token.ts";
import { sealAccessToken } from "../packages/gatehouse/src/oauth/tokens/sealed-token.ts";
import { hashSecret } from "../packages/gatehouse/src/oauth/tokens/secret.ts";
import { type GrantId, seconds } from "../packages/gatehouse/src/oauth/values.ts";
import type { Rows } from "./fill.ts";

/** The server's; signs nothing but what is thrown away afterwards. */
export const secretKey = "a key that signs nothing but what is thrown away afterwards";
const secretKeys = [Buffer.from(secretKey)];
const settings = { tokenPrefixes: ["gatehouse_at_"], secretKeys } as unknown as Settings;

/** The n-th stored access token: like a real one, and as good as random to an index. */
export function accessToken(n: number): string {
  return mintAccessToken({ bytes: () => hash("sha256", `token ${n}`, "buffer") }, settings);
}

export const resource = "https://notes.example.com/mcp";
export const scope = "notes:read offline_access";
export const email = "alice.liddell@example.com";
export const clientId = "dyn_ABCDEFGHIJKLMNOPQRSTUV";

/**
 * Rows of `user_tokens` that live for days, in the order of their key: in any other ten million of them take
 * hours to insert.
 */
export function* tokenRows(count: number): Rows {
  const now = Math.floor(Date.now() / 1000);
  const hashes = Array.from({ length: count }, (_, n) => hashSecret(accessToken(n))).sort();
  for (const [n, token] of hashes.entries()) {
    yield {
      token,
      email,
      subject: `user_${token}`,
      client_id: clientId,
      grant_id: token.slice(0, 22),
      scope,
      resource,
      created_at: now,
      expires_at: now + 7 * 86_400 + n,
    };
    if (n % 500_000 === 499_999) console.error(`  ${n + 1} tokens`);
  }
}

/** The n-th grant: as good as random to an index. */
function grant(n: number): { readonly id: GrantId; readonly salt: string } {
  const digest = hash("sha256", `grant ${n}`, "buffer");
  const part = (from: number) => digest.subarray(from, from + 16).toString("base64url");
  return { id: part(0) as GrantId, salt: part(16) };
}

/** Of a grant's refresh token at first: it was refreshed before, as nearly all are. */
export const firstGeneration = 2;

/** The sealed access token of the n-th grant. */
export function sealedToken(n: number): string {
  const { id, salt } = grant(n);
  const issuedAt = seconds(Date.now() / 1000);
  const expiresAt = seconds(issuedAt + 7 * 86_400);
  return sealAccessToken({ grantId: id, generation: firstGeneration, issuedAt, expiresAt }, salt, settings);
}

/** A refresh token of the n-th grant. */
export function refreshToken(n: number, generation: number): string {
  return refreshTokenOf(grant(n), generation, settings);
}

export interface GrantsOptions {
  /** The number of the first. */
  readonly from?: number;
  readonly client?: string;
  /**
   * One in so many was not refreshed today: the next refresh moves its idle end, and has a record of its own
   * in the audit trail. As shipped an app refreshes once an hour.
   */
  readonly notTodayOneIn?: number;
}

/** Rows of `gatehouse_grants`, in the order of their key. */
export function* grantRows(count: number, options: GrantsOptions = {}): Rows {
  const { from = 0, client = clientId, notTodayOneIn = 24 } = options;
  const now = Math.floor(Date.now() / 1000);
  const grants = Array.from({ length: count }, (_, n) => grant(from + n));
  grants.sort(({ id: left }, { id: right }) => (left < right ? -1 : 1));
  for (const [n, { id, salt }] of grants.entries()) {
    const rotatedAt = n % notTodayOneIn === 0 ? now - 86_400 : now;
    yield {
      id,
      client_id: client,
      subject: `user_${hashSecret(id)}`,
      email,
      scope,
      resource,
      generation: firstGeneration,
      salt,
      auth_time: now,
      created_at: now,
      rotated_at: rotatedAt,
      expires_at: rotatedAt + 30 * 86_400 - (n % 3600),
      ends_at: now + 180 * 86_400,
    };
  }
}
