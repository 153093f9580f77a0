import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { trimmingAsItGrows, trimTraces } from "../../../src/insight/trace/limits.ts";
import { createTraceWriter } from "../../../src/insight/trace/writer.ts";
import { oneLine } from "../../../src/oauth/harmless.ts";
import { openSqliteStore } from "../../../src/storage/sqlite/store.ts";
import { unique } from "../../contract/records.ts";
import { aStep } from "../../contract/traces.ts";

const minuteMs = 60_000;
const dayMs = 1440 * minuteMs;

/** A store in a file with its writer, as a server has them, and a clock that is moved. */
async function aTracedStore(t: TestContext, retention: { readonly ageMs: number; readonly bytes: number }) {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-traces-"));
  const path = join(folder, "gatehouse.db");
  const store = await openSqliteStore({ path });
  const clock = { now: 1_800_000_000_000 };
  const trim = () => trimTraces(store, retention, clock.now);
  let trimming: Promise<unknown> = Promise.resolve();
  const onWritten = trimmingAsItGrows(retention.bytes, async () => {
    trimming = trim();
    await trimming;
  });
  const writer = createTraceWriter({
    store,
    now: () => clock.now,
    instance: "web-1/1",
    harmless: oneLine,
    withoutSecrets: (text) => text,
    onWritten,
  });
  t.after(async () => {
    await writer.stop();
    await trimming;
    await store.close();
    rmSync(folder, { recursive: true });
  });
  const attempt = (reference: string, subject?: string) => {
    const facts = { browser: `Mozilla/5.0 ${"x".repeat(100)}`, address: "192.0.2.1", app: "An app" };
    const step = { reference, client: "dyn_BaZSJ7dv_zvRbIylYhdTN4", resource: "https://notes.example/mcp" };
    writer.step({ ...step, step: "authorization_received", outcome: "ok", facts });
    writer.step({ ...step, step: "provider_asked", outcome: "ok", facts });
    if (subject !== undefined)
      writer.step({ ...step, step: "identity_proven", outcome: "ok", subject, facts });
  };
  const written = async () => {
    await writer.flush();
    await trimming;
  };
  const isThere = async (reference: string) => (await store.findTrace(reference)).length > 0;
  const fileBytes = () => statSync(path).size;
  return { store, clock, attempt, written, trim, isThere, fileBytes };
}

test("Z07 traces are kept for so long and up to so much, those of strangers in a fifth of their own", async (t) => {
  const traced = await aTracedStore(t, { ageMs: 7 * dayMs, bytes: 2_000_000 });
  const { clock, attempt, written, trim, isThere, store } = traced;
  attempt("old", "user_1");
  clock.now += 4 * dayMs;
  attempt("newer", "user_1");
  await written();
  clock.now += 3 * dayMs;
  await trim();
  assert.deepEqual([await isThere("old"), await isThere("newer")], [true, true], "to the millisecond");
  clock.now += 1;
  await trim();
  assert.deepEqual([await isThere("old"), await isThere("newer")], [false, true]);

  const people = Array.from({ length: 100 }, unique);
  const strangers = Array.from({ length: 1000 }, unique);
  for (const reference of people) attempt(reference, "user_2");
  for (const reference of strangers) {
    clock.now += 1;
    attempt(reference);
  }
  await written();
  await trim();
  const count = async (references: readonly string[]) =>
    (await Promise.all(references.map(isThere))).filter(Boolean).length;
  assert.equal(await count(people), 100, "whoever only knocks pushes out nobody else");
  const left = await count(strangers);
  assert.ok(left > 100 && left < 500, `${left} of the strangers' fit into their fifth`);
  assert.equal(await count(strangers.slice(-left)), left, "the latest");

  const many = Array.from({ length: 2000 }, unique);
  for (const reference of many) {
    clock.now += 1;
    attempt(reference, "user_3");
  }
  await written();
  await trim();
  // Until somebody has signed in they count as a stranger, which at the edge of a batch may be seen.
  assert.ok((await count(strangers)) >= left - 5, "nor do people push out strangers");
  assert.equal(await count(people), 0);
  const ofPeople = (await store.findTraces({ subject: "user_3" }, { limit: 10_000 })).traces.length;
  assert.ok(ofPeople > 500 && ofPeople < 2000, `${ofPeople} of the people's`);
});

test("what is too old makes room for the rest, and how much there is is counted once, in parts", async (t) => {
  const { store, clock } = await aTracedStore(t, { ageMs: 7 * dayMs, bytes: 1e12 });
  const write = (count: number, kind: string, over: { time: number; subject?: string }) =>
    store.appendTraceSteps(
      Array.from({ length: count }, (_, at) => aStep({ reference: `${kind}${10_000 + at}`, ...over })),
    );
  await write(10_001, "stranger", { time: clock.now });
  await write(5000, "person", { time: clock.now, subject: "user_1" });
  const full = await store.countTraceBytes();
  const { other } = full;
  assert.deepEqual([other % 10_001, full.signedIn % 5000], [0, 0], "all of one length");

  await write(10_001, "old", { time: clock.now - 8 * dayMs });
  let counted = 0;
  const counting = {
    trimTraces: store.trimTraces,
    countTraceBytes: () => {
      counted++;
      return store.countTraceBytes();
    },
  };
  // Room for all of these strangers, in a fifth of nine tenths.
  const bytes = Math.ceil(other / 0.18) + 10;
  assert.equal(await trimTraces(counting, { ageMs: 7 * dayMs, bytes }, clock.now), 10_001);
  assert.deepEqual([await store.countTraceBytes(), counted], [full, 1]);
  const half = { ageMs: 7 * dayMs, bytes: bytes / 2 };
  assert.equal(await trimTraces(counting, half, clock.now), 5001, "more than one batch of them");
  const left = await store.countTraceBytes();
  assert.deepEqual([left, counted], [{ ...full, other: (other / 10_001) * 5000 }, 2]);
});

test("Z-n5 600 junk authorizations a minute for a day push out nobody who signed in, and fill no more than may be", async (t) => {
  // A twentieth of the flood in a twentieth of the room.
  const bytes = 5_000_000;
  const { clock, attempt, written, isThere, fileBytes } = await aTracedStore(t, { ageMs: 7 * dayMs, bytes });
  const people: string[] = [];
  for (let minute = 0; minute < 1440; minute++) {
    for (let junk = 0; junk < 600 / 20; junk++) {
      clock.now += (20 * minuteMs) / 600;
      attempt(unique());
    }
    if (minute % 10 !== 0) continue;
    people.push(unique());
    attempt(people.at(-1) ?? "", "user_1");
    await written();
    assert.ok(fileBytes() < bytes, `${fileBytes()} bytes`);
  }
  assert.equal(people.length, 144);
  for (const reference of people) assert.ok(await isThere(reference));
});
