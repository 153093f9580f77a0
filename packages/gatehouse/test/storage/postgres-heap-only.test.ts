import assert from "node:assert/strict";
import { test } from "node:test";
import { Client } from "pg";
import { openPostgresStore } from "../../src/storage/postgres/store.ts";
import { aClient, later, strict, times } from "../contract/records.ts";
import { StoreUnderTest } from "../contract/store-under-test.ts";
import { startPostgres } from "../support/postgres.ts";

test("a refresh touches no index of PostgreSQL", async (t) => {
  const postgres = await startPostgres({ track_counts: "on" });
  let connection: Client | undefined;
  t.after(async () => {
    await connection?.end();
    await postgres.stop();
  });
  const url = await postgres.createDatabase();
  const tested = new StoreUnderTest();
  await tested.open(() => openPostgresStore({ url }));
  const client = aClient();
  await tested.store.addClient(client);
  const grants: Awaited<ReturnType<typeof tested.aLiveGrantOf>>["grant"][] = [];
  for (let made = 0; made < 400; made += 20) {
    const some = await Promise.all(times(20, () => tested.aLiveGrantOf(client)));
    grants.push(...some.map(({ grant }) => grant));
  }
  // Neighbours come at different times, as people do: what one statement changes stays on its page until it
  // is done.
  for (let first = 0; first < 20; first++) {
    const some = grants.filter((_, at) => at % 20 === first);
    const rotated = await Promise.all(
      some.map((grant) =>
        tested.store.rotateGrant({
          grantId: grant.id,
          presented: 1,
          now: later(100),
          replay: strict,
          expiresAt: grant.expiresAt,
          accessToken: undefined,
        }),
      ),
    );
    assert.ok(rotated.every(({ outcome }) => outcome === "rotated"));
  }
  await tested.store.close(); // with its end each connection tells what it did
  connection = new Client({ connectionString: url });
  await connection.connect();
  let updates = 0;
  let heapOnly = 0;
  while (updates < grants.length) {
    const { rows } = await connection.query<{ updates: string; heap_only: string }>(
      "select n_tup_upd as updates, n_tup_hot_upd as heap_only from pg_stat_user_tables where relname = 'gatehouse_grants'",
    );
    updates = Number(rows[0]?.updates);
    heapOnly = Number(rows[0]?.heap_only);
  }
  assert.equal(updates, grants.length);
  // A page that is full all the same sends its row to another one; before there was room, one in ten went.
  assert.ok(heapOnly >= updates * 0.98, `${heapOnly} of ${updates}`);
});
