import { randomBytes } from "node:crypto";
import { writeSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { createAuditWriter } from "../../../src/insight/audit/writer.ts";
import type { Store } from "../../../src/oauth/store.ts";

/*
 * A process that writes into the audit trail until it is killed: revocations that it waits for and says when
 * they are durable, and ten times as many events that nobody waits for. Called with the name of the kind of
 * database, where it is, and a name of its own.
 */

const [kind = "", where = "", name = ""] = process.argv.slice(2);

async function open(): Promise<Store> {
  if (kind === "sqlite") {
    const { openSqliteStore } = await import("../../../src/storage/sqlite/store.ts");
    return openSqliteStore({ path: where, migrate: false });
  }
  const { openPostgresStore } = await import("../../../src/storage/postgres/store.ts");
  return openPostgresStore({ url: where, migrate: false });
}

const writer = createAuditWriter({
  store: await open(),
  key: { id: 5, bytes: Buffer.alloc(32, "the key") },
  instance: name,
  random: randomBytes,
  now: Date.now,
  withoutSecrets: (text) => text,
});
writeSync(1, "ready\n");
for (let turn = 0; ; turn++) {
  for (let more = 0; more < 10; more++) writer.add({ name: "sign_in", request: "-", subject: "user_1" });
  const detail = `${name}-${turn}`;
  await writer.record({ name: "token_revoked", request: "-", detail });
  writeSync(1, `${detail}\n`);
  await pause(5);
}
