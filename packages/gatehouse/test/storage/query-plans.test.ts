import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Client } from "pg";
import * as ofPostgres from "../../src/storage/postgres/database.ts";
import { listingOperations as ofListsInPostgres } from "../../src/storage/postgres/listing.ts";
import * as postgres from "../../src/storage/postgres/store.ts";
import { Database, type Statement } from "../../src/storage/sqlite/database.ts";
import { listingOperations as ofListsInSqlite } from "../../src/storage/sqlite/listing.ts";
import { migrate } from "../../src/storage/sqlite/migrations.ts";
import { createStore } from "../../src/storage/sqlite/store.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";

/*
 * Which way the databases go to what a statement changes, as they explain it themselves.
 */

let server: Postgres;
let connection: Client;
before(async () => {
  server = await startPostgres();
  const url = await server.createDatabase();
  await (await postgres.openPostgresStore({ url })).close();
  connection = new Client({ connectionString: url });
  await connection.connect();
  // The tables are empty, so that reading them whole costs nothing: it is done only where there is no other
  // way.
  for (const way of ["seqscan", "hashjoin", "mergejoin"]) await connection.query(`set enable_${way} = off`);
  // The service before us makes it.
  await connection.query(
    "create table refresh_tokens (token text primary key, email text, client_id text, created_at timestamptz, expires_at timestamptz)",
  );
});
after(async () => {
  await connection.end();
  await server.stop();
});

class SqliteRecorder extends Database {
  readonly texts: string[] = [];

  override prepare(text: string): Statement {
    this.texts?.push(text);
    return super.prepare(text);
  }
}

class PostgresRecorder extends ofPostgres.Database {
  readonly texts: string[] = [];

  override prepare(text: string): ofPostgres.Statement {
    this.texts.push(text);
    return super.prepare(text);
  }
}

const changes = /^\s*(?:with|delete|update)\b/;
/** What tables refer to others by, since what is removed takes along what refers to it. */
const references = (table: string, column: string) => `delete from ${table} where ${column} = `;

/** The tables a statement reads from end to end. */
function scannedBySqlite(database: Database, text: string): string[] {
  return database
    .prepare(`explain query plan ${text}`)
    .all()
    .map((row) => String(row.at(-1)))
    .filter((step) => /^SCAN \w/.test(step) && !/^SCAN (?:json_each|dead)\b/.test(step));
}

interface Plan {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Index Name"?: string;
  readonly "Index Cond"?: string;
  readonly Plans?: readonly Plan[];
}

async function scannedByPostgres(text: string): Promise<string[]> {
  const { rows } = await connection.query<{ "QUERY PLAN": [{ Plan: Plan }] }>(
    `explain (generic_plan, format json) ${text}`,
  );
  return (rows[0]?.["QUERY PLAN"] ?? []).flatMap(({ Plan }) => scansOf(Plan));
}

function scansOf(plan: Plan): string[] {
  const {
    "Node Type": type,
    "Relation Name": table,
    "Index Name": index,
    "Index Cond": condition,
    Plans = [],
  } = plan;
  const isScan = type === "Seq Scan" || (/Index.* Scan$/.test(type) && condition === undefined);
  return [...(isScan ? [`${type} of ${table ?? index}`] : []), ...Plans.flatMap(scansOf)];
}

test("X11 whatever is changed or removed is found by an index, also what goes along with a client, a person or a resource", async () => {
  const database = new SqliteRecorder(":memory:");
  await migrate(database);
  const { texts } = database;
  const store = createStore(database, ":memory:");
  const foreign = database
    .prepare(
      `select t.name, f."from" from sqlite_schema as t, pragma_foreign_key_list(t.name) as f where t.type = 'table'`,
    )
    .all()
    .map(([table, column]) => `${references(String(table), String(column))}?`);
  const changed = texts.filter((text) => changes.test(text));
  assert.ok(changed.length > 60 && foreign.length > 5, "these are all of them");
  for (const text of [...changed, ...foreign]) assert.deepEqual(scannedBySqlite(database, text), [], text);
  await store.close();

  const recorder = new PostgresRecorder({ url: server.url });
  postgres.createStore(recorder);
  await recorder.close();
  const { rows } = await connection.query<{ table: string; column: string }>(
    `select c.conrelid::regclass::text as table, a.attname as column from pg_constraint as c
     join pg_attribute as a on a.attrelid = c.conrelid and a.attnum = c.conkey[1] where c.contype = 'f'`,
  );
  // Of all tokens of an address, in the table of the service before us, which we do not change.
  const theirs = "delete from refresh_tokens where lower(email) = lower($1)";
  const changedThere = recorder.texts.filter((text) => changes.test(text) && text !== theirs);
  assert.ok(changedThere.length > 60 && rows.length > 3);
  for (const text of [
    ...changedThere,
    ...rows.map(({ table, column }) => `${references(table, column)}$1`),
  ]) {
    assert.deepEqual(await scannedByPostgres(text), [], text);
  }
});

test("a page of the audit trail is read from the index of its times, without sorting the trail", async () => {
  const database = new SqliteRecorder(":memory:");
  await migrate(database);
  const store = createStore(database, ":memory:");
  const isPage = (text: string) =>
    /from gatehouse_audit_blocks\s+where \(last_at.*order by last_at/s.test(text);
  const pages = database.texts.filter(isPage);
  assert.ok(pages.length >= 2);
  for (const text of pages) {
    const plan = database
      .prepare(`explain query plan ${text}`)
      .all()
      .map((row) => String(row.at(-1)))
      .join("; ");
    assert.match(plan, /^SEARCH gatehouse_audit_blocks USING INDEX gatehouse_audit_blocks_time [^;]*$/, text);
  }
  await store.close();

  const recorder = new PostgresRecorder({ url: server.url });
  const there = postgres.createStore(recorder);
  for (const order of ["newest", "oldest"] as const) {
    await there.findAudit({}, { order, limit: 50 }).catch(() => undefined); // the server has no tables there
  }
  await recorder.close();
  const pagesThere = recorder.texts.filter(isPage);
  assert.equal(pagesThere.length, 2);
  for (const text of pagesThere) {
    const { rows } = await connection.query<{ "QUERY PLAN": string }>(`explain (generic_plan) ${text}`);
    const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
    assert.match(plan, /Index Scan (?:Backward )?using gatehouse_audit_blocks_time/, text);
    assert.doesNotMatch(plan, /Sort/, text);
  }
});

test("a part of a long list is read from an index, in its order, wherever the part begins", async () => {
  const database = new SqliteRecorder(":memory:");
  await migrate(database);
  const before = database.texts.length;
  ofListsInSqlite(database);
  // Grants for one server are looked for among all: which way is better, how many there are decides.
  const isPart = (text: string) => /order by .* limit/s.test(text) && !text.includes("resource = ");
  const parts = database.texts.slice(before).filter(isPart);
  assert.ok(parts.length >= 7, `${parts.length}`);
  for (const text of parts) {
    const plan = database
      .prepare(`explain query plan ${text}`)
      .all()
      .map((row) => String(row.at(-1)))
      .join("; ");
    assert.match(plan, /^SEARCH \w+ USING (?:COVERING )?INDEX \w+ [^;]*$/, text);
  }
  database.close();

  const recorder = new PostgresRecorder({ url: server.url });
  ofListsInPostgres(recorder);
  await recorder.close();
  const partsThere = recorder.texts.filter(isPart);
  assert.equal(partsThere.length, parts.length);
  for (const text of partsThere) {
    const { rows } = await connection.query<{ "QUERY PLAN": string }>(`explain (generic_plan) ${text}`);
    const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
    assert.match(plan, /Index (?:Only )?Scan (?:Backward )?using/, text);
    assert.doesNotMatch(plan, /Sort/, text);
  }
});

test("a statement that reads a whole table is noticed on both databases", async () => {
  const database = new Database(":memory:");
  await migrate(database);
  for (const text of [
    "delete from gatehouse_grants where email = 'a@b.example'",
    "update oauth2_codes set used = true where id in (select id from oauth2_codes where scope = '')",
  ]) {
    assert.equal(scannedBySqlite(database, text).length, 1, text);
    assert.equal((await scannedByPostgres(text)).length, 1, text);
  }
  database.close();
});
