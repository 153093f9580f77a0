import { hash } from "node:crypto";
import type { Settings } from "../packages/gatehouse/src/oauth/settings.ts";
import { mintAccessToken } from "../packages/gatehouse/src/oauth/tokens/access-token.ts";
import { hashSecret } from "../packages/gatehouse/src/oauth/tokens/secret.ts";
import type { Rows } from "./fill.ts";

const settings = { tokenPrefixes: ["gatehouse_at_"] } as unknown as Settings;

/** The n-th access token: like a real one, and as good as random to an index. */
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
