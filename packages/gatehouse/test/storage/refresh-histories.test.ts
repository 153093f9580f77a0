import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { after, before, describe, test } from "node:test";
import type { Store } from "../../src/oauth/store.ts";
import { openPostgresStore } from "../../src/storage/postgres/store.ts";
import { openSqliteStore } from "../../src/storage/sqlite/store.ts";
import { StoreUnderTest } from "../contract/store-under-test.ts";
import { embedded, onPostgres, type TestDatabase } from "../support/database.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";
import { honestHistory, randomHistory, theftHistory } from "./refresh-model.ts";

let postgres: Postgres;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres.stop());

const outcomes = ["rotated", "replayed", "skipped_ahead", "fast_forwarded", "reused"] as const;

/** @param rounds histories of each kind */
function histories(
  name: string,
  rounds: number,
  open: () => Promise<{ store: Store; database: TestDatabase }>,
) {
  describe(`random histories of grants on ${name}`, () => {
    const tested = new StoreUnderTest();
    let database: TestDatabase;
    before(async () => {
      const opened = await open();
      database = opened.database;
      await tested.open(async () => opened.store);
    });
    after(async () => {
      await tested.store.close();
      database.remove();
    });
    /** Each with a seed of its own, which is told when it fails. */
    const play = async (history: (seed: number) => Promise<void>) => {
      for (let round = 0; round < rounds; round++) {
        const seed = randomInt(2 ** 31);
        await history(seed).catch((error: unknown) => {
          throw new Error(`with the seed ${seed}: ${error}`, { cause: error });
        });
      }
    };

    test("the store answers as the rules do, whatever happens to a grant", async () => {
      const seen = new Map<string, number>();
      await play(async (seed) => {
        for (const [outcome, times] of Object.entries(await randomHistory(tested, database, seed, 60))) {
          seen.set(outcome, (seen.get(outcome) ?? 0) + times);
        }
      });
      assert.deepEqual([...seen.keys()].toSorted(), outcomes.toSorted(), "each outcome was seen");
    });

    test("an owner alone is never signed out, whatever answers get lost and whichever backup is restored", async () => {
      await play((seed) => honestHistory(tested, database, seed, 40));
    });

    test("two who hold one token are found out by the time each of them has come twice", async () => {
      await play((seed) => theftHistory(tested, database, seed));
    });
  });
}

histories("SQLite", 30, async () => {
  const database = embedded();
  return { database, store: await openSqliteStore({ path: database.url.slice("sqlite:".length) }) };
});

histories("PostgreSQL", 12, async () => {
  const url = await postgres.createDatabase();
  return { database: onPostgres(url), store: await openPostgresStore({ url }) };
});
