import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { trimAudit } from "../../../src/insight/audit/retention.ts";
import { sealerOf } from "../../../src/insight/audit/seals.ts";
import { verifyAudit } from "../../../src/insight/audit/verify.ts";
import { createAuditWriter } from "../../../src/insight/audit/writer.ts";
import type { Store } from "../../../src/oauth/store.ts";
import type { Subject } from "../../../src/oauth/values.ts";
import { openSqliteStore } from "../../../src/storage/sqlite/store.ts";
import { aHash, anAccount, later, now as seconds } from "../../contract/records.ts";

const folder = mkdtempSync(join(tmpdir(), "gatehouse-retention-"));
after(() => rmSync(folder, { recursive: true }));

const key = { id: 5, bytes: Buffer.alloc(32, "key") };
const sealer = sealerOf(key);
const day = 86_400_000;
const today = 1_800_000_000_000;

/** A chain with an event at each of these times. */
async function aChain(store: Store, times: readonly number[], detail?: string) {
  let now = 0;
  const writer = createAuditWriter({
    store,
    key,
    instance: "here/1",
    random: randomBytes,
    now: () => now,
    withoutSecrets: (text) => text,
  });
  for (now of times) writer.add({ name: "sign_in_failed", request: "-", detail });
  await writer.stop({ name: "audit_head", request: "-" });
  return writer.state().head ?? "";
}

test("Z19 age and size cut from the oldest end, and what is left verifies; of a removed person no address is left, and the chain is whole", async () => {
  const path = join(folder, "gatehouse.db");
  const store = await openSqliteStore({ path });
  after(() => store.close());
  const whole = async (heads: readonly string[] = []) => {
    const { findings, notes, records } = await verifyAudit({ store, keys: [key], heads });
    assert.deepEqual(findings, []);
    return { notes, records };
  };
  const ago = (days: number) => today - days * day;
  const old = await aChain(store, [ago(500), ago(450)]);
  const both = await aChain(store, [ago(410), ago(401), ago(399), ago(3)], "of ada@example.com");
  const recent = await aChain(
    store,
    Array.from({ length: 600 }, () => ago(2)),
  );
  const unbounded = { ageMs: 400 * day, bytes: 1e12 };
  assert.deepEqual(await trimAudit(store, unbounded, sealer, today), { aged: 5, crowded: 0 });
  assert.equal((await whole()).records, 604);
  const { notes } = await whole([old, both, recent]);
  assert.deepEqual(
    notes.map((note) => note.replace(/the head \S+ /, "")),
    ["is older than what is kept", "is there", "is there"],
  );
  const oldest = (await store.findAudit({}, { order: "oldest", limit: 1 })).records[0];
  assert.equal(oldest?.time, ago(399));
  assert.deepEqual(await trimAudit(store, unbounded, sealer, today), { aged: 0, crowded: 0 });

  const { chains } = await store.findAuditChains();
  const bytes = chains.reduce((sum, each) => sum + each.bytes, 0);
  const { aged, crowded } = await trimAudit(store, { ...unbounded, bytes: bytes / 2 }, sealer, today);
  assert.equal(aged, 0);
  assert.ok(crowded > 250 && crowded < 350, String(crowded));
  assert.equal((await whole()).records, 604 - crowded);
  const left = (await store.findAuditChains()).chains.reduce((sum, each) => sum + each.bytes, 0);
  assert.ok(left <= bytes / 2 && left > bytes / 2 - 1000);

  const email = "Grace.Hopper@example.com";
  const subject = "user_grace" as Subject;
  const account = anAccount({
    subject,
    email,
    issuer: "https://idp.example",
    upstreamSubject: "g",
    name: "Grace",
  });
  const session = { sessionHash: aHash(), replaces: undefined, authTime: seconds, expiresAt: later(9) };
  await store.openSession({ ...session, account });
  await aChain(store, [today], `turned away: ${email.toLowerCase()}, and ada@example.com`);
  const mentions = () => {
    const connection = new DatabaseSync(path);
    const [records, addresses] = ["gatehouse_audit_blocks", "gatehouse_audit_addresses"].map((table) =>
      JSON.stringify(connection.prepare(`select * from ${table}`).all()),
    );
    connection.close();
    return { records: /grace/i.test(records ?? ""), addresses: /grace/i.test(addresses ?? "") };
  };
  assert.deepEqual(mentions(), { records: false, addresses: true });
  await store.removeAccount(subject);
  assert.deepEqual(mentions(), { records: false, addresses: false });
  const [last] = (await store.findAudit({ name: "sign_in_failed" }, { order: "newest", limit: 1 })).records;
  assert.equal(last?.facts.detail, "turned away: [removed], and ada@example.com");
  await whole();
});
