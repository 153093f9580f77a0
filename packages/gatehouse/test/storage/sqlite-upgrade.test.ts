import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { knownMigrations as postgresMigrations } from "../../src/storage/postgres/migrations.ts";
import { Database } from "../../src/storage/sqlite/database.ts";
import { knownMigrations, ledgerTable, migrate } from "../../src/storage/sqlite/migrations.ts";
import { openSqliteStore } from "../../src/storage/sqlite/store.ts";

const folder = mkdtempSync(join(tmpdir(), "gatehouse-upgrade-"));
after(() => rmSync(folder, { recursive: true }));

/** A database as it was before the migration of this name, and the connection it was made with. */
function before(migration: string): { readonly path: string; readonly connection: DatabaseSync } {
  const path = join(folder, `${migration}.db`);
  const connection = new DatabaseSync(path);
  connection.exec(ledgerTable);
  for (const { number, name, sql } of knownMigrations()) {
    if (name.includes(migration)) break;
    connection.exec(sql);
    connection.prepare("insert into gatehouse_migrations values (?, ?, 0)").run(number, name);
  }
  return { path, connection };
}

test("whatever goes along with a row that is removed is found by an index", async () => {
  const path = join(folder, "indexes.db");
  await (await openSqliteStore({ path })).close();
  const connection = new DatabaseSync(path);
  const references = connection
    .prepare(
      `select child.name as child, foreign_key."from" as child_column
       from sqlite_schema as child, pragma_foreign_key_list(child.name) as foreign_key where child.type = 'table'`,
    )
    .all();
  assert.ok(references.length >= 8, "of all tables");
  for (const { child, child_column } of references) {
    const [plan] = connection
      .prepare(`explain query plan select 1 from ${child} where ${child_column} = ?`)
      .all("x");
    assert.match(String(plan?.detail), /^SEARCH/, `${child}.${child_column}`);
  }
  connection.close();
});

test("of several people who had one address before the upgrade the latest to sign in has it", async () => {
  const { path, connection } = before("addresses-have-one-holder");
  connection.exec(
    `insert into gatehouse_accounts (subject, issuer, upstream_subject, email, created_at, signed_in_at) values
       ('user_early', 'https://idp.example', '1', 'ADA@example.com', 1, 2),
       ('user_late', 'https://idp.example', '2', 'ada@example.com', 1, 3),
       ('user_none', 'https://idp.example', '3', '', 1, 2),
       ('user_old', 'urn:gatehouse:address', 'ada@example.com', 'ada@example.com', 1, 4)`,
  );
  await (await openSqliteStore({ path })).close();
  const rows = connection.prepare("select address, subject from gatehouse_addresses").all();
  assert.deepEqual(
    rows.map((row) => ({ ...row })),
    [{ address: "ada@example.com", subject: "user_late" }],
  );
  connection.close();
});

test("the migrations of both databases are numbered from one, without a gap and no number twice", () => {
  for (const migrations of [knownMigrations(), postgresMigrations()]) {
    const numbers = migrations.map(({ number }) => number);
    assert.deepEqual(
      numbers,
      numbers.map((_, at) => at + 1),
    );
    for (const { number, name, sql, needs } of migrations) {
      // What speaks of programs says it as it is read.
      assert.equal(needs !== undefined, /^-- Programs/m.test(sql), name);
      assert.ok(needs === undefined || needs < number, name);
    }
  }
});

test("a database that a newer version upgraded is used, with a warning, where that version lets this one go on", async () => {
  const path = join(folder, "newer.db");
  const known = knownMigrations();
  const newest = known.length;
  const running = await openSqliteStore({ path });
  assert.deepEqual(await running.findProblems(), []);
  const later = (number: number, needs?: number) => {
    const sql = `alter table gatehouse_accounts add column added_by_${number} text`;
    return { number, name: `${number}-later.sql`, sql, needs };
  };
  const upgrade = async (...migrations: ReturnType<typeof later>[]) => {
    const database = new Database(path);
    await migrate(database, [...known, ...migrations]);
    database.close();
  };
  await upgrade(later(newest + 1, newest), later(newest + 2, newest));
  for (const store of [running, await openSqliteStore({ path })]) {
    const [problem, ...more] = await store.findProblems();
    assert.deepEqual(more, []);
    assert.equal(problem?.isWarning, true);
    assert.match(
      problem.text,
      new RegExp(`to migration ${newest + 2}, this one knows ${newest} and goes on`),
    );
  }
  await (await openSqliteStore({ path, migrate: false })).close();

  await upgrade(later(newest + 1, newest), later(newest + 2, newest), later(newest + 3, newest + 1));
  const refused = new RegExp(
    `at migration ${newest + 3} and needs a version that knows ${newest + 1}, this version knows ${newest}: run a newer`,
  );
  await assert.rejects(openSqliteStore({ path }), { name: "WrongVersionError", message: refused });
  const [problem] = await running.findProblems();
  assert.equal(problem?.isWarning, undefined);
  assert.match(problem?.text ?? "", refused);
  await running.close();
});
