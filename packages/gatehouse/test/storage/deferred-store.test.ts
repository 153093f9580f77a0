import assert from "node:assert/strict";
import { test } from "node:test";
import { type Store, StoreUnavailableError } from "../../src/oauth/ports.ts";
import { deferStore } from "../../src/storage/deferred-store.ts";
import { DatabaseRefusedError } from "../../src/storage/refused.ts";
import { openSqliteStore } from "../../src/storage/sqlite/store.ts";

/** A database that cannot be reached for a while; time passes only when it is told to. */
async function anUnreachableDatabase(reachableAfter: number) {
  const waits: number[] = [];
  let pass: () => void = () => {};
  let attempts = 0;
  let failure: unknown;
  const store = await deferStore({
    async open(): Promise<Store> {
      if (++attempts <= reachableAfter) throw new StoreUnavailableError("refused");
      return openSqliteStore({ path: ":memory:" });
    },
    longestWait: 10_000,
    onRetry: (_error, wait) => void waits.push(wait),
    onRefused: (error) => {
      failure = error;
    },
    onFailure: (error) => {
      failure = error;
    },
    sleep: () =>
      new Promise((resolve) => {
        pass = resolve;
      }),
  });
  const turn = () => new Promise((resolve) => setTimeout(resolve, 5));
  return {
    store,
    waits,
    failure: () => failure,
    async passTime() {
      await turn();
      pass();
      await turn();
    },
  };
}

test("until the database is there every operation is unavailable, then all work", async () => {
  const { store, waits, passTime } = await anUnreachableDatabase(2);
  await assert.rejects(store.findProblems(), StoreUnavailableError);
  await assert.rejects(store.findClient("x"), StoreUnavailableError);
  await passTime();
  await assert.rejects(store.findProblems(), StoreUnavailableError);
  await passTime();
  await store.findProblems();
  assert.equal(await store.findClient("x"), undefined);
  assert.deepEqual(waits, [250, 500]);
  await store.close();
});

test("a database that is there is open before anybody can ask", async () => {
  const { store } = await anUnreachableDatabase(0);
  await store.findProblems();
  await store.close();
});

test("it waits longer each time, but never longer than it may", async () => {
  const { store, waits, passTime } = await anUnreachableDatabase(9);
  for (let attempt = 0; attempt < 8; attempt++) await passTime();
  assert.deepEqual(waits.slice(0, 8), [250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
  await store.close();
});

test("what waiting does not mend is told once, and closing before it opened is no error", async () => {
  let told: unknown;
  const store = await deferStore({
    open: () => Promise.reject(new Error("written by a newer version")),
    longestWait: 10_000,
    onRetry: () => assert.fail("must not try again"),
    onRefused: () => assert.fail("it was not refused"),
    onFailure: (error) => {
      told = error;
    },
  });
  assert.match(String(told), /newer version/);
  await assert.rejects(store.findProblems(), StoreUnavailableError);
  await store.close();
});

test("a first attempt that takes long is not waited for", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const opening = Promise.withResolvers<Store>();
  const deferred = deferStore({
    open: () => opening.promise,
    longestWait: 10_000,
    onRetry: () => assert.fail("it has not failed"),
    onRefused: () => assert.fail("it has not failed"),
    onFailure: () => assert.fail("it has not failed"),
  });
  t.mock.timers.tick(10_000);
  const store = await deferred;
  await assert.rejects(store.findProblems(), StoreUnavailableError);
  opening.resolve(await openSqliteStore({ path: ":memory:" }));
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(await store.findProblems(), []);
  await store.close();
});

test("a database that refuses us is an error at once, and told when it turns out later", async () => {
  const refused = new DatabaseRefusedError("wrong password");
  const options = {
    longestWait: 10_000,
    onRetry: () => undefined,
    onFailure: () => assert.fail("a reason of its own"),
  };
  const onRefused = () => assert.fail("there is nobody to tell yet");
  await assert.rejects(deferStore({ ...options, onRefused, open: () => Promise.reject(refused) }), refused);

  let attempts = 0;
  let told: unknown;
  const wake = Promise.withResolvers<void>();
  const store = await deferStore({
    ...options,
    open: () => Promise.reject(attempts++ === 0 ? new StoreUnavailableError("not up yet") : refused),
    onRefused: (error) => {
      told = error;
    },
    sleep: () => wake.promise,
  });
  assert.equal(told, undefined);
  wake.resolve();
  await new Promise(setImmediate);
  assert.equal(told, refused);
  assert.equal(attempts, 2, "and it is not tried again");
  await assert.rejects(store.findClient("x"), StoreUnavailableError);
  await store.close();
});
