import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { Client } from "pg";
import { type Store, StoreUnavailableError } from "../../src/oauth/store.ts";
import { WrongVersionError } from "../../src/storage/migration.ts";
import {
  type EventualOptions,
  openPostgresStore,
  openPostgresStoreEventually,
} from "../../src/storage/postgres/store.ts";
import { DatabaseRefusedError } from "../../src/storage/refused.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";

let postgres: Postgres;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres.stop());

/**
 * A server that opens its store. Time passes only when it is told to, and by default nothing may go wrong.
 */
async function aStart(over: Partial<EventualOptions> & Pick<EventualOptions, "url">) {
  const pauses: number[] = [];
  let asleep = Promise.withResolvers<void>();
  let wake: () => void = () => undefined;
  const store = await openPostgresStoreEventually({
    prepare: async () => undefined,
    maxPauseMs: 10_000,
    onRetry: (_error, pauseMs) => void pauses.push(pauseMs),
    onRefused: (error) => assert.fail(error),
    onFailure: (error) => assert.fail(String(error)),
    sleep: () =>
      new Promise((resolve) => {
        wake = resolve;
        asleep.resolve();
      }),
    ...over,
  });
  return {
    store,
    pauses,
    /** Lets the pause that is under way pass, up to the next one. */
    async passPause() {
      await asleep.promise;
      asleep = Promise.withResolvers();
      wake();
      await asleep.promise;
    },
    /** Lets the pause that is under way pass, and is not followed by another. */
    async passLastPause() {
      await asleep.promise;
      wake();
    },
  };
}

/** As one that is not reached for so many attempts. */
function unreachableFor(attempts: number) {
  let made = 0;
  return async () => {
    if (++made <= attempts) throw new StoreUnavailableError("refused");
  };
}

async function untilConnected(store: Store): Promise<void> {
  for (;;) {
    const problems = await store.findProblems().catch((error: unknown) => {
      if (!(error instanceof StoreUnavailableError)) throw error;
    });
    if (problems !== undefined) return;
    await turn();
  }
}

test("until the database is there every operation is unavailable, then all work", async () => {
  const url = await postgres.createDatabase();
  await postgres.goDown();
  const { store, pauses, passPause, passLastPause } = await aStart({ url });
  await assert.rejects(store.findProblems(), StoreUnavailableError);
  await assert.rejects(store.findClient("x"), StoreUnavailableError);
  await assert.rejects(store.removeClient("x"), StoreUnavailableError);
  await passPause();
  await assert.rejects(store.findProblems(), StoreUnavailableError);
  await postgres.goUp();
  await passLastPause();
  await untilConnected(store);
  assert.equal(await store.findClient("x"), undefined);
  assert.equal(await store.removeClient("x"), false);
  assert.deepEqual(pauses, [250, 500]);
  await store.close();
});

test("a database that is there is open before anybody can ask", async () => {
  const { store, pauses } = await aStart({ url: await postgres.createDatabase() });
  assert.deepEqual(await store.findProblems(), []);
  assert.deepEqual(pauses, []);
  await store.close();
});

test("it is agreed with before anybody else may use it, in every attempt", async () => {
  const seen: unknown[] = [];
  const unreachable = unreachableFor(1);
  const { store, passLastPause } = await aStart({
    url: await postgres.createDatabase(),
    prepare: async (prepared) => {
      seen.push(await prepared.findProblems());
      await unreachable();
    },
  });
  await assert.rejects(store.findProblems(), StoreUnavailableError);
  await passLastPause();
  await untilConnected(store);
  assert.deepEqual(seen, [[], []]);
  await store.close();
});

test("it pauses longer each time, but never longer than it may", async () => {
  const prepare = unreachableFor(9);
  const { store, pauses, passPause } = await aStart({ url: await postgres.createDatabase(), prepare });
  for (let attempt = 0; attempt < 7; attempt++) await passPause();
  assert.deepEqual(pauses, [250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
  await store.close();
});

test("what waiting does not mend is told once, and closing before it opened is no error", async () => {
  const url = await postgres.createDatabase();
  await (await openPostgresStore({ url })).close();
  const other = new Client({ connectionString: url });
  await other.connect();
  await other.query("insert into gatehouse_migrations (number, name) values (9999, 'later')");
  await other.end();
  const told: unknown[] = [];
  const { store, pauses } = await aStart({ url, onFailure: (error) => void told.push(error) });
  assert.equal(told.length, 1);
  assert.ok(told[0] instanceof WrongVersionError);
  await assert.rejects(store.findProblems(), { name: "StoreUnavailableError", message: /newer gatehouse/ });
  assert.deepEqual(pauses, []);
  await store.close();
});

test("a first attempt that takes long is not waited for", async (t) => {
  const url = await postgres.createDatabase();
  await (await openPostgresStore({ url })).close(); // nothing is left for the first attempt but to agree
  const preparing = Promise.withResolvers<void>();
  const agreed = Promise.withResolvers<void>();
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const starting = aStart({
    url,
    prepare: () => {
      preparing.resolve();
      return agreed.promise;
    },
  });
  await preparing.promise;
  t.mock.timers.tick(10_000);
  const { store } = await starting;
  t.mock.timers.reset();
  await assert.rejects(store.findProblems(), StoreUnavailableError);
  agreed.resolve();
  await untilConnected(store);
  await store.close();
});

test("one that is closed while it waits tries no more", async () => {
  let attempts = 0;
  const { store, passLastPause } = await aStart({
    url: await postgres.createDatabase(),
    prepare: async () => {
      attempts++;
      throw new StoreUnavailableError("refused");
    },
  });
  await store.close();
  await passLastPause();
  await turn();
  assert.equal(attempts, 1);
});

test("a database that refuses us is an error at once, and told when it turns out later", async () => {
  const url = await postgres.createDatabase();
  const gone = url.replace(/[^/]+$/, "there_is_none");
  await assert.rejects(aStart({ url: gone }), DatabaseRefusedError);

  const refused = new DatabaseRefusedError("wrong password");
  let attempts = 0;
  const told = Promise.withResolvers<unknown>();
  const { store, passLastPause } = await aStart({
    url,
    prepare: () => Promise.reject(attempts++ === 0 ? new StoreUnavailableError("not up yet") : refused),
    onRefused: told.resolve,
  });
  await passLastPause();
  assert.equal(await told.promise, refused);
  await turn();
  assert.equal(attempts, 2, "and it is not tried again");
  await assert.rejects(store.findClient("x"), StoreUnavailableError);
  await store.close();
});
