import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setUpStatement } from "../../src/storage/postgres/connection.ts";
import { Database, ownStatements, type Statement } from "../../src/storage/postgres/database.ts";
import { knownMigrations, ledgerStatements, statementsOf } from "../../src/storage/postgres/migrations.ts";
import { createStore } from "../../src/storage/postgres/store.ts";

/*
 * The SQL that the adapter may speak: what PostgreSQL 14 and later and CockroachDB 23 and later both
 * understand, and in the same way. What is not in this list is not allowed; whoever adds to it has looked it
 * up in both manuals.
 */

const keywords = words(`
  over partition
  select insert into values update set delete from left join where and or not is null distinct in exists any between like
  as with returning order by desc group limit true false
  on conflict do nothing excluded
  case when then else end
  for update left join on
  begin commit rollback time zone
  extract epoch
`);
/** By the letters' numbers, as CockroachDB always compares. */
const collation = /collate "C"/g;
const definitions = words(`
  create table if not exists index on primary key unique references cascade delete default array
  alter column add drop set null not is interval where false fillfactor
`);
const types = words("text text[] bool int bigint float8 timestamptz");
const functions = words(
  "strpos count sum row_number coalesce greatest lower substr max now json_to_recordset current_schema chr to_timestamp",
);
const operators = words("( ) , . = < > <= >= <> + - * % || ::");
const settings = words("statement_timeout lock_timeout datestyle");
/** What both understand, but not in the same way, or only one of them. */
const never = [
  [/on conflict \([^)]*\) where/, "conflict with a partial index"],
  [/\[[^\]]*:/, "a slice of an array"],
  [/for update (?:of|nowait|skip)/, "locks that do not wait"],
  [
    /returning \*|select \*(?! from json_to_recordset)/,
    "columns that are not named: a statement that is kept breaks when another version adds one",
  ],
] as const;

class Recorder extends Database {
  readonly texts: string[] = [];

  override prepare(text: string): Statement {
    this.texts.push(text);
    return super.prepare(text);
  }
}

const recorder = new Recorder({ url: "postgres://nobody@127.0.0.1:1/nowhere" });
createStore(recorder);
after(() => recorder.close());
const migrations = knownMigrations().flatMap(statementsOf);
const statements = [
  ...recorder.texts,
  ...ownStatements,
  ...ledgerStatements,
  setUpStatement({ statement_timeout: 1, lock_timeout: 1 }),
];
/** The service before us makes this one; and the catalogue of both. */
const foreign = words("refresh_tokens information_schema tables columns table_schema table_name column_name");
const names = new Set([...namesIn([...migrations, ...ledgerStatements]), ...foreign]);

test("the adapter speaks only SQL that PostgreSQL and CockroachDB share", () => {
  assert.ok(recorder.texts.length > 40, "the walk is not over a part of it");
  const allowed = new Set([...keywords, ...types, ...functions, ...operators, ...settings, ...names]);
  const definition = new Set([...allowed, ...definitions]);
  for (const text of statements) check(text, text.startsWith("create") ? definition : allowed);
});

test("what only one of them speaks is noticed", () => {
  const allowed = new Set([...keywords, ...types, ...functions, ...operators, ...names]);
  for (const text of [
    "select id from oauth2_codes for update skip locked",
    "select pg_advisory_lock($1)",
    "update oauth2_codes set used = true returning *",
    "update gatehouse_grants set superseded_at = superseded_at[1:2]",
    "insert into oauth2_codes (id) values ($1) on conflict (id) where used do nothing",
    "merge into oauth2_codes using oauth2_sessions on true when matched then delete",
    "listen something",
    "select id from user_tokens, lateral (select 1) as one",
    "select id from oauth2_codes where email ~ $1",
  ]) {
    assert.throws(() => check(text, allowed), { name: "AssertionError" }, text);
  }
});

test("the migrations speak only SQL that PostgreSQL and CockroachDB share, and each statement may run again", () => {
  assert.ok(migrations.length > 40, "the walk is not over a part of it");
  const allowed = new Set([...definitions, ...types, ...functions, ...operators, "array[", "]", ...names]);
  for (const text of migrations) {
    check(text, text.startsWith("insert") ? new Set([...allowed, ...keywords]) : allowed);
    assert.match(
      text,
      /^(?:create (?:table|index) if not exists|drop index if exists|alter table \w+ (?:add column if not exists|set \(fillfactor = \d+\)$|alter column \w+ (?:drop not null|set default))|insert into (\w+) .*where not exists \(select \w+ from \1\)$|insert into [^;]*\son conflict \(\w+\) do nothing$)/s,
    );
  }
});

test("every column of ours in a table that others write has a default or may be null", () => {
  for (const text of migrations.filter((statement) => statement.includes("add column"))) {
    assert.ok(!text.includes("not null") || text.includes("default"), text);
  }
});

function words(list: string): string[] {
  return list.trim().split(/\s+/);
}

/** Tables, indexes and columns. */
function namesIn(definitions: readonly string[]): Set<string> {
  const found = definitions.flatMap((text) => [
    ...text.matchAll(/(?:table|index) (?:if not exists )?(\w+)/g),
    ...text.matchAll(/column (?:if not exists )?(\w+)/g),
    ...text.matchAll(/^ {2}(\w+) /gm),
    ...text.matchAll(/[(,] ?(\w+) (?:int|text|bool|timestamptz)\b/g),
  ]);
  return new Set(found.map(([, name = ""]) => name));
}

function check(text: string, allowed: ReadonlySet<string>): void {
  for (const [construct, what] of never) assert.doesNotMatch(text, construct, what);
  // What a statement names itself: a table expression, an alias, a column of the rows it is handed.
  const own = new Set(
    [
      ...text.matchAll(/(\w+) as \(/g),
      ...text.matchAll(/\bas (\w+)/g),
      ...text.matchAll(/[(,]\s*(\w+) (?:text|int|bool|timestamptz)\b/g),
    ].map(([, name = ""]) => name),
  );
  for (const token of tokensOf(text)) {
    assert.ok(allowed.has(token) || own.has(token), `"${token}" in: ${text}`);
  }
}

/** Everything but literals and parameters; a cast and an array type are one. */
function tokensOf(text: string): string[] {
  const rest = text
    .replaceAll(collation, " ")
    .replaceAll(/'(?:[^']|'')*'/g, " ")
    .replaceAll(/\$\d+/g, " ")
    .replaceAll(/\b\d+\b/g, " ");
  return (
    rest
      .match(/text\[\]|array\[|[a-z_]\w*|::|\|\||<=|>=|<>|!=|[^\s\w]/gi)
      ?.filter((token) => token !== ";") ?? []
  );
}
