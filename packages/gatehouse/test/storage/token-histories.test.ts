import { after, before, describe, test } from "node:test";
import { Client } from "pg";
import { openPostgresStore } from "../../src/storage/postgres/store.ts";
import { Database } from "../../src/storage/sqlite/database.ts";
import { migrate } from "../../src/storage/sqlite/migrations.ts";
import { createStore } from "../../src/storage/sqlite/store.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";
import { historyOf, play, type Stage, setStage, shortest } from "./token-history.ts";

/*
 * Random histories of tokens, compared with a model: `GATEHOUSE_SWEEP=first:count` plays other or more of
 * them, `npm run test:histories` a hundred thousand. On PostgreSQL it is a fiftieth as many.
 */

const [first = 1, count = 1000] = (process.env.GATEHOUSE_SWEEP ?? "").split(":").filter(Boolean).map(Number);

const tables = ["gatehouse_grants", "oauth2_codes", "user_tokens"];

/** @param run statements, one after the other, as a whole or not at all */
async function backups(run: (statements: readonly string[]) => Promise<void>) {
  const clear = (name: (table: string) => string) => tables.map((table) => `delete from ${name(table)}`);
  const copy = (table: string) => `copy_of_${table}`;
  await run(tables.map((table) => `create table ${copy(table)} as select * from ${table} where false`));
  const fill = (to: (table: string) => string, from: (table: string) => string) =>
    tables.map((table) => `insert into ${to(table)} select * from ${from(table)}`);
  const itself = (table: string) => table;
  return {
    backUp: () => run([...clear(copy), ...fill(copy, itself)]),
    restore: () => run([...clear(itself), ...fill(itself, copy)]),
    clear: () => run(clear(itself)),
  };
}

function histories(name: string, share: number, open: () => Promise<Stage>) {
  describe(`random histories of tokens on ${name}`, () => {
    let stage: Stage;
    before(async () => {
      stage = await open();
      await setStage(stage.store);
    });
    after(() => stage.store.close());

    test("every token is worth what a small model says, whatever is issued, refreshed, narrowed, revoked and restored, at once or in turns", async () => {
      for (let seed = first; seed < first + count * share; seed++) {
        const history = historyOf(seed);
        const error: Error | undefined = await play(stage, history).then(
          () => undefined,
          (thrown) => thrown,
        );
        if (error === undefined) continue;
        const [{ rules, steps }, shown] = await shortest(stage, history, error);
        const story = [rules, ...steps].map((line) => JSON.stringify(line)).join("\n");
        throw new Error(`history ${seed} fails, also when it is only\n${story}\n${shown.message}`, {
          cause: shown,
        });
      }
    });
  });
}

histories("SQLite", 1, async () => {
  const database = new Database(":memory:");
  await migrate(database);
  const run = (statements: readonly string[]) =>
    database.write(() => {
      for (const statement of statements) database.exec(statement);
    });
  const copies = await backups(run);
  return { store: createStore(database, ":memory:"), ...copies };
});

let postgres: Postgres;
let connection: Client;
histories("PostgreSQL", 0.02, async () => {
  postgres = await startPostgres();
  const url = await postgres.createDatabase();
  const store = await openPostgresStore({ url });
  connection = new Client({ connectionString: url });
  await connection.connect();
  const run = async (statements: readonly string[]) => void (await connection.query(statements.join("; ")));
  return { store, ...(await backups(run)) };
});
after(async () => {
  await connection?.end();
  await postgres?.stop();
});
