import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as pause, setImmediate as turn } from "node:timers/promises";
import { Client } from "pg";
import type { Value } from "../../src/storage/layout.ts";
import { Database, type Result, type Statement } from "../../src/storage/postgres/database.ts";
import { createStore, openPostgresStore } from "../../src/storage/postgres/store.ts";
import { aClient, aHash, now, times } from "../contract/records.ts";
import { StoreUnderTest } from "../contract/store-under-test.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";

let postgres: Postgres;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres.stop());

/** Counts the statements it runs. */
class Counted extends Database {
  statements = 0;

  override run(statement: Statement, ...values: Value[]): Promise<Result> {
    this.statements++;
    return super.run(statement, ...values);
  }
}

async function aTestStore() {
  const url = await postgres.createDatabase();
  await (await openPostgresStore({ url })).close();
  const database = new Counted({ url, statementTimeout: 5000 });
  const tested = new StoreUnderTest();
  await tested.open(async () => createStore(database));
  return { url, database, tested, store: tested.store };
}

test("look-ups that arrive together are one statement, and each gets its own answer", async () => {
  const { database, tested, store } = await aTestStore();
  const { token } = await tested.aLiveGrant();
  const other = (await tested.aLiveGrant()).token;
  database.statements = 0;
  const found = await Promise.all([
    store.findAccessToken(token.tokenHash, now),
    store.findAccessToken(aHash(), now),
    store.findAccessToken(other.tokenHash, now),
    store.findAccessToken(token.tokenHash, token.expiresAt),
    store.findAccessToken(token.tokenHash, now),
  ]);
  assert.deepEqual(found, [token, undefined, other, undefined, token]);
  assert.equal(database.statements, 1);
  await store.close();
});

test("look-ups wait for the next statement while several are in flight, but not for ones that are stuck", async () => {
  const { url, database, tested, store } = await aTestStore();
  const { token } = await tested.aLiveGrant();
  const other = new Client({ connectionString: url });
  await other.connect();
  await other.query("begin; lock table user_tokens");
  database.statements = 0;
  const looked: Promise<unknown>[] = [];
  for (const _ of times(100, () => undefined)) {
    looked.push(store.findAccessToken(token.tokenHash, now));
    await turn();
  }
  const first = database.statements;
  while (database.statements === first) await pause(5);
  await other.query("rollback");
  assert.deepEqual(
    await Promise.all(looked),
    looked.map(() => token),
  );
  assert.ok(database.statements <= 20, `${database.statements} statements for ${looked.length} look-ups`);
  await other.end();
  await store.close();
});

test("a key that no database can hold fails alone", async () => {
  const { store } = await aTestStore();
  const client = aClient();
  await store.addClient(client);
  const outcomes = await Promise.allSettled([
    store.findClient(client.id),
    store.findClient("a\0b"),
    store.findClient("nobody"),
  ]);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ["fulfilled", "rejected", "fulfilled"],
  );
  assert.deepEqual(outcomes[0]?.status === "fulfilled" && outcomes[0].value, client);
  await store.close();
});
