import { randomBytes } from "node:crypto";
import { hashSecret } from "../../src/oauth/tokens/secret.ts";
import {
  type ClientId,
  type GrantId,
  type SecretHash,
  type Subject,
  seconds,
} from "../../src/oauth/values.ts";
import { openSqliteStore } from "../../src/storage/sqlite/store.ts";

/*
 * Redeems one code after the other and says how far it is, until it is killed. Run by
 * sqlite-processes.test.ts.
 */

const [path = "", encoded = ""] = process.argv.slice(2);
const hashes = JSON.parse(Buffer.from(encoded, "base64url").toString()) as SecretHash[];
const now = seconds(1_800_000_000);
const until = seconds(now + 1000);
const store = await openSqliteStore({ path });
console.log("ready");
process.stdin.once("data", async () => {
  for (const [done, codeHash] of hashes.entries()) {
    const id = randomBytes(16).toString("base64url") as GrantId;
    const who = {
      clientId: "client" as ClientId,
      subject: "user_alice" as Subject,
      email: "alice@example.com",
    };
    const what = { scope: "read", resource: undefined, createdAt: now, expiresAt: until };
    const grant = {
      id,
      ...who,
      ...what,
      generation: 1,
      salt: "salt",
      authTime: now,
      rotatedAt: now,
      endsAt: until,
      keyId: undefined,
    };
    await store.redeemCode(codeHash, now, grant, { tokenHash: hashSecret(id), grantId: id, ...who, ...what });
    console.log(`redeemed ${done}`);
  }
});
