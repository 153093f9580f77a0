import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { createTraceWriter, type TraceWriterOptions } from "../../../src/insight/trace/writer.ts";
import { oneLine, withoutSecrets } from "../../../src/oauth/harmless.ts";
import type { StoredTraceStep } from "../../../src/oauth/store/traces.ts";
import { StoreUnavailableError } from "../../../src/oauth/store.ts";

/** A store that is there or away, and all that it was given. */
function aStore() {
  const batches: (readonly StoredTraceStep[])[] = [];
  const about = { isAway: false, attempts: 0 };
  return {
    about,
    batches,
    all: () => batches.flat(),
    store: {
      appendTraceSteps: async (steps: readonly StoredTraceStep[]) => {
        about.attempts++;
        if (about.isAway) throw new StoreUnavailableError("away");
        batches.push(steps);
      },
    },
  };
}

function aWriter(store: TraceWriterOptions["store"], over: Partial<TraceWriterOptions> = {}) {
  return createTraceWriter({
    store,
    now: () => 1_800_000_000_000,
    instance: "web-1/1",
    harmless: oneLine,
    withoutSecrets: withoutSecrets(["gatehouse_at_"]),
    ...over,
  });
}

const aStep = (received = "x") =>
  ({ reference: "K7QM-2XDA-94TB", step: "request_refused", outcome: "refused", received }) as const;

test("steps that come together are written together, within a second, and nobody waits for it", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { store, batches } = aStore();
  const writer = aWriter(store);
  for (let at = 0; at < 100; at++) writer.step(aStep(String(at)));
  assert.equal(batches.length, 0, "not while the request is served");
  t.mock.timers.tick(999);
  await writer.flush();
  assert.equal(batches.length, 1);
  assert.deepEqual(
    batches[0]?.map(({ received }) => received),
    Array.from({ length: 100 }, (_, at) => String(at)),
  );
  assert.deepEqual(JSON.parse(batches[0]?.[0]?.json ?? ""), {
    ...aStep("0"),
    time: 1_800_000_000_000,
    instance: "web-1/1",
  });
  await writer.stop();
});

test("while the store is away so many steps wait, what is beyond is dropped and counted, and once it is back all that waited is written", async () => {
  const { about, store, all } = aStore();
  const onLost = mock.fn();
  const writer = aWriter(store, { onLost });
  about.isAway = true;
  for (let at = 0; at < 2000; at++) writer.step(aStep(String(at)));
  await writer.flush();
  for (let at = 2000; at < 6000; at++) writer.step(aStep(String(at)));
  await writer.flush();
  assert.equal(writer.lost(), 1000);
  assert.equal(onLost.mock.callCount(), 0, "told once, when it is over");
  about.isAway = false;
  await writer.flush();
  assert.deepEqual(
    all().map(({ received }) => Number(received)),
    Array.from({ length: 5000 }, (_, at) => at),
  );
  assert.deepEqual(onLost.mock.calls[0]?.arguments, [1000]);
  await writer.flush();
  assert.equal(onLost.mock.callCount(), 1);
  await writer.stop();
});

test("steps that the store does not take are dropped and counted, and hold up none behind them", async () => {
  const { store, all } = aStore();
  const onLost = mock.fn();
  let isFirst = true;
  const picky = {
    appendTraceSteps: async (steps: readonly StoredTraceStep[]) => {
      if (isFirst) {
        isFirst = false;
        throw new Error("it stands in no column");
      }
      await store.appendTraceSteps(steps);
    },
  };
  const writer = aWriter(picky, { onLost });
  for (let at = 0; at < 250; at++) writer.step(aStep(String(at)));
  await writer.stop();
  assert.deepEqual(
    all().map(({ received }) => Number(received)),
    Array.from({ length: 150 }, (_, at) => at + 100),
  );
  assert.equal(writer.lost(), 100);
  assert.deepEqual(onLost.mock.calls[0]?.arguments, [100]);
});

test("a writer that stops writes what it has, and takes nothing more", async () => {
  const { about, store, all } = aStore();
  const writer = aWriter(store);
  writer.step(aStep("before"));
  await writer.stop();
  writer.step(aStep("after"));
  await writer.stop();
  assert.deepEqual(
    all().map(({ received }) => received),
    ["before"],
  );
  const other = aWriter(store);
  about.isAway = true;
  other.step(aStep());
  await other.stop(); // and holds nobody up where the store is away
});

test("what strangers send is cut, harmless, and without what looks like a credential", async () => {
  const { store, all } = aStore();
  const writer = aWriter(store);
  writer.step({
    ...aStep(`https://evil/\u001b[31m\r\nx\u202Ey?code=abc&state=def ${"z".repeat(100_000)}`),
    expected: "Bearer abcdefghijklmnopqrstuvwxyz",
    client: `gatehouse_at_${"a".repeat(40)}`,
    facts: { "user agent": "a\u0000b\ud800", nothing: undefined, empty: "" },
  });
  await writer.stop();
  const [{ json } = assert.fail()] = all();
  assert.ok(json.length < 1000);
  assert.doesNotMatch(json, /abc|def|aaaa|\\u001b|\\r|\\n|\u202E/);
  assert.deepEqual(JSON.parse(json).facts, { "user agent": "a\uFFFDb\uFFFD" });
});
