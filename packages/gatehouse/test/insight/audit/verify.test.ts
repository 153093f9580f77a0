import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { headText } from "../../../src/insight/audit/heads.ts";
import { type AuditKey, headSeal, recordMac, sealerOf } from "../../../src/insight/audit/seals.ts";
import { createAuditTrail } from "../../../src/insight/audit/trail.ts";
import { verifyAudit } from "../../../src/insight/audit/verify.ts";
import { createAuditWriter } from "../../../src/insight/audit/writer.ts";
import type { SealedRecord } from "../../../src/oauth/audit-record.ts";
import type { Store } from "../../../src/oauth/store.ts";
import { openSqliteStore } from "../../../src/storage/sqlite/store.ts";
import { changeRecords, looseRecords } from "../../support/loose-records.ts";

const folder = mkdtempSync(join(tmpdir(), "gatehouse-verify-"));
after(() => rmSync(folder, { recursive: true }));
let files = 0;

const key: AuditKey = { id: 5, bytes: Buffer.alloc(32, "the key") };
const wrongKey: AuditKey = { id: 5, bytes: Buffer.alloc(32, "another") };

const writing = (store: Store, sealedWith: AuditKey | undefined, now = Date.now) => ({
  store,
  key: sealedWith,
  instance: "here/1",
  random: randomBytes,
  now,
  withoutSecrets: (text: string) => text,
});

interface Trail {
  readonly path: string;
  /** Open, as a server has it. */
  readonly store: Store;
  /** Of two processes, of which the second ended last and told where the first ended. */
  readonly chains: readonly [string, string];
  /** As the log told them. */
  readonly heads: readonly string[];
  /** Of records the table is `loose_records`. */
  change(sql: string, ...values: (string | number | null)[]): void;
  rows(chain: string): SealedRecord[];
  verify(over?: Partial<Parameters<typeof verifyAudit>[0]>): ReturnType<typeof verifyAudit>;
}

/** A trail of two processes with ten events each. */
async function aTrail(): Promise<Trail> {
  const path = join(folder, `${++files}.db`);
  const store = await openSqliteStore({ path });
  after(() => store.close());
  const connection = new DatabaseSync(path);
  after(() => connection.close());
  const heads: string[] = [];
  for (const turn of [1, 2]) {
    const writer = createAuditWriter(writing(store, key));
    const trail = createAuditTrail(writer, store, Date.now, ({ detail }) => heads.push(detail ?? ""));
    for (let at = 1; at <= 10; at++) {
      writer.add({
        name: "sign_in",
        request: "-",
        subject: `user_${turn}`,
        detail: `${at} of ada@example.com`,
      });
    }
    await trail.stop();
  }
  const [first, second] = heads.map((head) => head.split(/[:-]/)[1] ?? "");
  return {
    path,
    store,
    chains: [first ?? "", second ?? ""],
    heads,
    change: (sql, ...values) =>
      sql.includes("loose_records")
        ? changeRecords(connection, sql, ...values)
        : void connection.prepare(sql).run(...values),
    rows: (chain) => looseRecords(connection, chain),
    verify: (over) => verifyAudit({ store, keys: [key], ...over }),
  };
}

test("Z17 a trail as it was written is whole; each record edited, inserted, moved or missing is named, a cut tail and a missing chain too", async () => {
  const trail = await aTrail();
  const [chain] = trail.chains;
  const whole = await trail.verify();
  assert.deepEqual([whole.findings, whole.notes], [[], []]);
  assert.deepEqual([whole.records, whole.chains], [22, 2]);

  const columns = ["happened_at = 1", "name = 'x'", "outcome = 'x'", "subject = null", "client_id = ''"];
  const others = [
    "resource = ''",
    "grant_id = 'x'",
    "address = 'x'",
    "reference = 'x'",
    "body = body || ' '",
  ];
  for (const edit of [...columns, ...others, "mac = 'x'"]) {
    const changed = await aTrail();
    const [edited] = changed.chains;
    changed.change(`update loose_records set ${edit} where chain = ? and sequence = 4`, edited);
    const { findings } = await changed.verify();
    assert.deepEqual(
      findings.map(({ kind, chain, sequence }) => [kind, chain, sequence]),
      [["edited", edited, 4]],
      edit,
    );
  }
  const kinds = async (change: (trail: Trail, chain: string) => void) => {
    const changed = await aTrail();
    change(changed, changed.chains[0]);
    const { findings } = await changed.verify();
    return findings.map(({ kind, sequence }) => [kind, sequence]);
  };
  const gone = "delete from loose_records where chain = ? and sequence = ?";
  assert.deepEqual(await kinds((t, c) => t.change(gone, c, 6)), [["missing", 6]]);
  assert.deepEqual(
    await kinds((t, c) => {
      t.change(gone, c, 6);
      t.change("update loose_records set sequence = -sequence where chain = ? and sequence > 6", c);
      t.change("update loose_records set sequence = -sequence - 1 where chain = ? and sequence < 0", c);
    }),
    [["missing", 6]],
    "and the others were counted back",
  );
  assert.deepEqual(
    await kinds((t, c) => {
      t.change("update loose_records set sequence = -sequence where chain = ? and sequence >= 6", c);
      t.change("update loose_records set sequence = -sequence + 1 where chain = ? and sequence < 0", c);
      const row = t.rows(c).find(({ sequence }) => sequence === 5);
      t.change(
        "insert into loose_records (chain, sequence, happened_at, name, outcome, body, mac) values (?, 6, ?, 'sign_in', 'success', ?, ?)",
        ...[c, row?.time ?? 0, row?.body ?? "", row?.mac ?? ""],
      );
    }),
    [["inserted", 6]],
  );
  const swap = (t: Trail, c: string) => {
    t.change("update loose_records set sequence = -1 where chain = ? and sequence = 3", c);
    t.change("update loose_records set sequence = 3 where chain = ? and sequence = 8", c);
    t.change("update loose_records set sequence = 8 where chain = ? and sequence = -1", c);
  };
  assert.deepEqual(await kinds(swap), [["moved", 3]]);
  const cut = "delete from loose_records where chain = ? and sequence > 8";
  assert.deepEqual(await kinds((t, c) => t.change(cut, c)), [["cut_tail", 9]]);
  const removed = await kinds((t, c) => {
    t.change("delete from loose_records where chain = ?", c);
    t.change("delete from gatehouse_audit_chains where chain = ?", c);
  });
  assert.deepEqual(
    removed.map(([kind]) => kind),
    ["chain_missing", "chain_missing"],
    "by number and by name",
  );
  const behind = (t: Trail, c: string) =>
    t.change(
      "insert into loose_records select chain, 12, happened_at, name, outcome, subject, client_id, resource, grant_id, address, reference, body, mac from loose_records where chain = ? and sequence = 11",
      c,
    );
  assert.deepEqual(await kinds(behind), [["inserted", 12]]);
  const stray = (t: Trail, c: string) =>
    t.change("update loose_records set chain = 'NOBODYS' where chain = ? and sequence = 11", c);
  assert.deepEqual((await kinds(stray)).map(([kind]) => kind).toSorted(), ["cut_tail", "inserted"]);
  assert.deepEqual(
    await kinds((t) =>
      t.change("update gatehouse_audit_addresses set address = 'eve@example.com' where sequence = 2"),
    ),
    [
      ["edited", 2],
      ["edited", 2],
    ],
  );
  assert.equal((await trail.verify()).findings.length, 0, `chain ${chain} is as it was`);
});

test("Z-n8 nobody without the key covers up: no new MACs, no new ends, no earlier end, no chain without a key, and yesterday's table is found by a kept head", async () => {
  const kindsOf = async (trail: Trail, over: Parameters<Trail["verify"]>[0] = {}) =>
    (await trail.verify(over)).findings.map(({ kind }) => kind);
  const setHead = "update gatehouse_audit_chains set sequence = ?, mac = ?, seal = ? where chain = ?";

  const remade = await aTrail();
  const [first] = remade.chains;
  const remake = (trail: Trail, chain: string, forged: AuditKey | undefined) => {
    let previous = "";
    for (const row of trail.rows(chain)) {
      const record = { ...row, subject: row.sequence === 4 ? "user_eve" : row.subject };
      previous = recordMac(forged, previous, record);
      trail.change(
        "update loose_records set subject = ?, mac = ? where chain = ? and sequence = ?",
        ...[record.subject ?? null, previous, chain, row.sequence],
      );
    }
    return previous;
  };
  const endOf = async (trail: Trail, chain: string) => {
    const { chains } = await trail.store.findAuditChains();
    return chains.find((each) => each.chain === chain) ?? assert.fail();
  };
  const mac = remake(remade, first, wrongKey);
  const known = await endOf(remade, first);
  remade.change(setHead, 11, mac, headSeal(wrongKey, known, { ...known.head, mac }), first);
  assert.deepEqual(await kindsOf(remade), ["seal_wrong"]);
  remade.change(setHead, 11, known.head.mac, known.head.seal, first);
  assert.deepEqual((await kindsOf(remade)).slice(0, 1), ["edited"], "with the end as it was");

  const shortened = await aTrail();
  const end = shortened.rows(shortened.chains[1])[7] ?? assert.fail();
  shortened.change("delete from loose_records where chain = ? and sequence > 8", shortened.chains[1]);
  const whole = await endOf(shortened, shortened.chains[1]);
  shortened.change(setHead, 8, end.mac, whole.head.seal, shortened.chains[1]);
  assert.deepEqual(await kindsOf(shortened), ["seal_wrong"]);

  const keyless = await aTrail();
  const [one] = keyless.chains;
  const checksum = remake(keyless, one, undefined);
  const opened = await endOf(keyless, one);
  const forged = { ...opened.head, mac: checksum };
  keyless.change(setHead, 11, checksum, headSeal(undefined, opened, forged), one);
  keyless.change("update gatehouse_audit_chains set key_id = null where chain = ?", one);
  keyless.change("update gatehouse_audit_addresses set chain = 'x' where chain = ?", one);
  assert.deepEqual((await kindsOf(keyless)).slice(0, 1), ["inserted"], "a server has a key");

  const trimmed = await aTrail();
  const cut = trimmed.rows(trimmed.chains[0])[2] ?? assert.fail();
  trimmed.change("delete from loose_records where chain = ? and sequence <= 3", trimmed.chains[0]);
  trimmed.change(
    "update gatehouse_audit_chains set cut_sequence = 3, cut_mac = ?, cut_key_id = 5, cut_seal = ? where chain = ?",
    ...[cut.mac, sealerOf(wrongKey).cut(cut.chain, 3, cut.mac), cut.chain],
  );
  assert.deepEqual(await kindsOf(trimmed), ["missing"]);

  const forgotten = await aTrail();
  forgotten.change("delete from loose_records");
  forgotten.change("delete from gatehouse_audit_chains");
  forgotten.change(
    "update gatehouse_audit_registry set forgotten = 2, forgotten_key_id = 5, forgotten_seal = 'x'",
  );
  assert.deepEqual(await kindsOf(forgotten), ["seal_wrong"]);
  forgotten.change("update gatehouse_audit_registry set forgotten = 0, opened = 0");
  assert.ok((await kindsOf(forgotten)).includes("chain_missing"));

  const today = await aTrail();
  const yesterday = join(folder, "yesterday.db");
  today.change("vacuum into ?", yesterday);
  const writer = createAuditWriter(writing(today.store, key));
  await writer.record({ name: "person_blocked", request: "-" });
  const head = writer.state().head ?? assert.fail();
  const older = await openSqliteStore({ path: yesterday });
  after(() => older.close());
  const verdict = await verifyAudit({ store: older, keys: [key] });
  assert.deepEqual(verdict.findings, [], "by itself it is whole");
  const held = await verifyAudit({ store: older, keys: [key], heads: [...today.heads, head] });
  assert.deepEqual(
    held.findings.map(({ kind, text }) => [kind, /rolled back/.test(text)]),
    [["head_missing", true]],
  );
  assert.equal(held.notes.length, 2, "the older ones are there");
});

test("Z18 a kept head tells a database that was rewritten with the key from one that was not, and a restore from a rollback", async () => {
  const trail = await aTrail();
  const [first, second] = trail.heads;
  const there = await trail.verify({ heads: trail.heads });
  assert.deepEqual(there.findings, []);
  assert.deepEqual(there.notes, [`the head ${first} is there`, `the head ${second} is there`]);
  assert.deepEqual(there.heads.toSorted(), trail.heads.toSorted());

  // Somebody with the key writes the last record anew, and the end.
  const [, chain] = trail.chains;
  const [before, last] = trail.rows(chain).slice(-2);
  const mac = recordMac(key, before?.mac ?? "", { ...(last ?? assert.fail()), subject: "user_eve" });
  const rewrite = "update loose_records set subject = 'user_eve', mac = ? where chain = ? and sequence = 11";
  trail.change(rewrite, mac, chain);
  const { chains } = await trail.store.findAuditChains();
  const known = chains.find((each) => each.chain === chain) ?? assert.fail();
  trail.change(
    "update gatehouse_audit_chains set mac = ?, seal = ? where chain = ?",
    mac,
    headSeal(key, known, { ...known.head, mac }),
    chain,
  );
  assert.deepEqual((await trail.verify()).findings, [], "nothing tells without the head");
  const rewritten = await trail.verify({ heads: trail.heads });
  assert.deepEqual(
    rewritten.findings.map(({ kind, chain: of, text }) => [kind, of, /has the secret key/.test(text)]),
    [["head_missing", chain, true]],
  );

  const replaced = await aTrail();
  const backup = await aTrail();
  const ended = createAuditWriter(writing(backup.store, key));
  await ended.record({ name: "backup_restored", request: "-", heads: replaced.heads.join(" ") });
  const restored = await backup.verify({ heads: replaced.heads });
  assert.deepEqual(restored.findings, []);
  assert.equal(restored.notes.filter((note) => /gatehouse restore replaced at/.test(note)).length, 2);
  const later = headText({ number: 3, chain: replaced.chains[1], sequence: 99, mac: "x".repeat(22) });
  assert.deepEqual(
    (await backup.verify({ heads: [later] })).findings.map(({ kind }) => kind),
    ["head_missing"],
    "further than what the restore replaced",
  );
});

test("what is sealed with a key that is out of use can be verified as long as somebody has that key", async () => {
  const trail = await aTrail();
  const newer: AuditKey = { id: 6, bytes: Buffer.alloc(32, "newer") };
  await createAuditWriter(writing(trail.store, newer)).record({ name: "key_rotated", request: "-" });
  assert.deepEqual((await trail.verify({ keys: [newer, key] })).findings, []);
  const { findings } = await trail.verify({ keys: [newer] });
  assert.deepEqual(
    findings.map(({ kind }) => kind),
    ["key_unknown"],
  );
  assert.match(
    findings[0]?.text ?? "",
    /^2 chains are sealed with the key 00000005, which is not configured/,
  );
});

test("a command without the key writes what is told as unsealed, and nothing but its acts", async () => {
  const trail = await aTrail();
  const writer = createAuditWriter(writing(trail.store, undefined));
  const actor = { kind: "operator", id: "root", how: "unverified" } as const;
  await writer.record({ name: "person_blocked", request: "-", actor });
  const { findings, notes } = await trail.verify();
  assert.deepEqual(findings, []);
  assert.match(notes.join(), /^1 command ran without the secret key/);
});

test("of a trail that was verified before, the latest part is verified alone", async () => {
  const trail = await aTrail();
  const [chain] = trail.chains;
  const writer = createAuditWriter(writing(trail.store, key, () => Date.now() + 3_600_000));
  await writer.record({ name: "sign_in", request: "-" });
  trail.change("update loose_records set subject = 'user_eve' where chain = ? and sequence = 4", chain);
  const since = Date.now() + 1_800_000;
  const { findings, records } = await trail.verify({ since });
  assert.deepEqual([findings, records], [[], 1]);
  assert.equal((await trail.verify()).findings.length, 1);
  const later = writer.state().head?.split(/[:-]/)[1] ?? "";
  await writer.record({ name: "sign_in", request: "-" });
  trail.change("update loose_records set happened_at = 1 where chain = ? and sequence = 2", later);
  const backdated = await trail.verify({ since });
  assert.deepEqual(
    backdated.findings.map(({ kind, sequence }) => [kind, sequence]),
    [["edited", 2]],
    "nothing is old behind what is not",
  );
});

test("where the chain ends is told hourly, with the others' ends, and not twice while nothing is written", async () => {
  const trail = await aTrail();
  const told: string[] = [];
  const writer = createAuditWriter(writing(trail.store, key));
  const { tellHead, stop } = createAuditTrail(writer, trail.store, Date.now, ({ detail }) =>
    told.push(detail ?? ""),
  );
  await tellHead();
  assert.deepEqual(told, [], "nothing was written");
  await writer.record({ name: "sign_in", request: "-" });
  await tellHead();
  await tellHead();
  assert.deepEqual(told, [writer.state().head]);
  const [record] = (await trail.store.findAudit({ name: "audit_head" }, { order: "newest", limit: 1 }))
    .records;
  const named = String(record?.facts.heads).split(" ");
  assert.deepEqual(named.slice(0, 2), trail.heads);
  assert.match(named[2] ?? "", /^3:\w{12}-1-/, "and its own, before this record");
  await stop();
  assert.equal(told.length, 2);
  assert.deepEqual((await trail.verify({ heads: [...told, ...trail.heads] })).findings, []);
});

test("servers may write while the trail is verified", async () => {
  const trail = await aTrail();
  const writer = createAuditWriter(writing(trail.store, key));
  let isDone = false;
  const verified = (async () => {
    const verdicts = [];
    for (let turn = 0; turn < 20; turn++) verdicts.push(await trail.verify());
    isDone = true;
    return verdicts;
  })();
  while (!isDone) await writer.record({ name: "sign_in", request: "-" });
  for (const { findings } of await verified) assert.deepEqual(findings, []);
});
