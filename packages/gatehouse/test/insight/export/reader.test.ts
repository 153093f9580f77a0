import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { sealerOf } from "../../../src/insight/audit/seals.ts";
import { createAuditWriter } from "../../../src/insight/audit/writer.ts";
import {
  beginning,
  CursorError,
  type ExportCursor,
  endOf,
  readCursor,
  writeCursor,
} from "../../../src/insight/export/cursor.ts";
import { createAuditReader } from "../../../src/insight/export/reader.ts";
import type { AuditRecord } from "../../../src/oauth/audit-record.ts";
import { withoutSecrets } from "../../../src/oauth/harmless.ts";
import type { Store } from "../../../src/oauth/store.ts";
import { openSqliteStore } from "../../../src/storage/sqlite/store.ts";

const clean = withoutSecrets([]);
const day = 86_400_000;

/** A process that writes, whose clock is the one handed in. */
const aWriter = (store: Store, now: () => number) =>
  createAuditWriter({
    store,
    key: undefined,
    instance: "here/1",
    random: randomBytes,
    now,
    withoutSecrets: clean,
  });

/** The same numbers in each run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** What an export with this cursor gives, and the cursor it ends with, as a text. */
async function exported(store: Store, cursor: ExportCursor, now: number, limit = Number.POSITIVE_INFINITY) {
  const reader = createAuditReader(store, cursor, () => now);
  const records: AuditRecord[] = [];
  while (records.length < limit) {
    const some = await reader.next(Math.min(50, limit - records.length));
    if (some.length === 0) break;
    records.push(...some);
  }
  return { records, text: writeCursor(reader.cursor()) };
}

for (const seed of [1, 2, 3]) {
  test(`an export goes on from its cursor without gap or repetition while processes write at once, late and with other clocks (${seed})`, async () => {
    const store = await openSqliteStore({ path: ":memory:" });
    const next = numbers(seed);
    let now = 1_790_000_000_000;
    let writers = [0, 1, 2, 3].map((at) => aWriter(store, () => now - at * 1700));
    let told = 0;
    let text = writeCursor(beginning);
    const given: AuditRecord[] = [];
    for (let step = 0; step < 600; step++) {
      now += next(400);
      const writer = writers[next(writers.length)] ?? assert.fail();
      const what = next(10);
      if (what < 6) writer.add({ name: "sign_in", request: "-", detail: String(told++) });
      else if (what < 8) await writer.flush();
      else if (what === 8 && next(3) === 0) {
        await writer.stop({ name: "audit_head", request: "-", detail: String(told++) });
        writers = writers.map((each) => (each === writer ? aWriter(store, () => now - next(2000)) : each));
      } else {
        const page = await exported(store, readCursor(text), now, 1 + next(30));
        given.push(...page.records);
        ({ text } = page);
      }
    }
    for (const writer of writers) await writer.flush();
    const rest = await exported(store, readCursor(text), now);
    given.push(...rest.records);
    const stored = (await store.findAudit({}, { order: "oldest", limit: 10_000 })).records;
    assert.ok(stored.length > 300);
    assert.deepEqual(given.map(({ id }) => id).toSorted(), stored.map(({ id }) => id).toSorted());
    for (const own of Map.groupBy(given, ({ chain }) => chain).values()) {
      assert.deepEqual(
        own.map(({ sequence }) => sequence),
        own.map((_, at) => at + 1),
      );
    }
    assert.deepEqual((await exported(store, readCursor(rest.text), now)).records, []);
    await store.close();
  });
}

test("a first export is in the order of times, and a cursor grows neither with commands nor with processes that are long gone", async () => {
  const store = await openSqliteStore({ path: ":memory:" });
  let now = 1_790_000_000_000;
  const server = aWriter(store, () => now);
  for (let command = 0; command < 200; command++) {
    now += 1000;
    server.add({ name: "sign_in", request: "-" });
    if (command % 50 === 0) await server.flush();
    now += 1000;
    const writer = aWriter(store, () => now);
    await writer.record({ name: "person_blocked", request: "-", subject: "user_1" });
    await writer.stop(command % 2 === 0 ? { name: "audit_head", request: "-" } : undefined); // or killed
  }
  await server.flush();
  const { records, text } = await exported(store, beginning, now + 8 * day);
  assert.deepEqual(
    records.map(({ time }) => time),
    records.map(({ time }) => time).toSorted((a, b) => a - b),
  );
  assert.equal(records.length, 500);
  assert.ok(text.length < 100, `a cursor of ${text.length} characters`);
  // A process that was silent for a week, and one that begins, are both heard.
  now += 8 * day;
  server.add({ name: "sign_out", request: "-" });
  await server.flush();
  await aWriter(store, () => now).record({ name: "sign_in", request: "-" });
  const revived = await exported(store, readCursor(text), now);
  assert.deepEqual(revived.records.map(({ name }) => name).toSorted(), ["sign_in", "sign_out"]);
  records.push(...revived.records);
  const half = await exported(store, beginning, now, 250);
  const other = await exported(store, readCursor(half.text), now);
  assert.deepEqual(
    [...half.records, ...other.records].map(({ id }) => id).toSorted(),
    records.map(({ id }) => id).toSorted(),
  );
  const { chains } = await store.findAuditChains();
  assert.deepEqual((await exported(store, endOf(chains), now)).records, []);
  const later = createAuditReader(store, beginning, () => now, now - 10_000);
  assert.ok((await later.next(1000)).every(({ time }) => time >= now - 10_000));
  await store.close();
});

test("what retention took is passed over, addresses are there, and a cursor of another state of the trail is refused", async () => {
  const store = await openSqliteStore({ path: ":memory:" });
  let now = 1_790_000_000_000;
  const writer = aWriter(store, () => now);
  for (let at = 0; at < 10; at++) {
    now += 1000;
    await writer.record({ name: "sign_in_denied", request: "-", account: "ada@example.com" });
  }
  const first = await exported(store, beginning, now, 3);
  await store.trimAudit(now - 4500, 100, sealerOf(undefined));
  const rest = await exported(store, readCursor(first.text), now);
  assert.deepEqual(
    rest.records.map(({ sequence }) => sequence),
    [6, 7, 8, 9, 10],
  );
  assert.ok(rest.records.every(({ facts }) => facts.account === "ada@example.com"));

  const restored = await openSqliteStore({ path: ":memory:" });
  await assert.rejects(exported(restored, readCursor(rest.text), now), CursorError);
  const another = aWriter(restored, () => now);
  await another.record({ name: "sign_in", request: "-" });
  await assert.rejects(exported(restored, readCursor(rest.text), now), CursorError);
  for (const text of [
    "",
    "x",
    "bm8",
    writeCursor(beginning).slice(2),
    Buffer.from('[2,1,0,"",{}]').toString("base64url"),
  ]) {
    assert.throws(() => readCursor(text), CursorError, text);
  }
  await store.close();
  await restored.close();
});
