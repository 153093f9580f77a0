import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { Client } from "pg";
import { type Postgres, startPostgres } from "../support/postgres.ts";
import { anyProvider, runCommand, startCommand, untilPrinted } from "./command-line.ts";

let postgres: Postgres;
before(async () => {
  postgres = await startPostgres();
  await demandPasswords(postgres.url);
});
after(() => postgres?.stop());

/** Lets `gate` in with its password only, and `locked` not at all. */
async function demandPasswords(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query("create role gate login password 'the-right-one'");
  await client.query("create role locked nologin");
  const { rows } = await client.query<{ hba_file: string }>("show hba_file");
  const rules = ["host all gate 127.0.0.1/32 scram-sha-256", "host all all 127.0.0.1/32 trust", ""];
  writeFileSync(rows[0]?.hba_file ?? assert.fail(), rules.join("\n"));
  await client.query("select pg_reload_conf()");
  await client.end();
}

const as = (user: string, database = "postgres") => {
  const { host } = new URL(postgres.url);
  return `postgres://${user}@${host}/${database}`;
};
const serving = (sqlUrl: string, more: Record<string, string> = {}) => ({
  ...anyProvider,
  SQL_URL: sqlUrl,
  SECRET_KEY: "k.".repeat(20),
  BASE_URL: "http://localhost:1",
  PORT: "0",
  ...more,
});

const refusals = [
  ["a wrong password", () => as("gate:hunter2"), /refuses the password of the user gate; correct SQL_URL/],
  ["no password", () => as("gate"), /wants a password of the user gate; correct SQL_URL/],
  ["an account that may not log in", () => as("locked"), /does not let the user locked in; correct SQL_URL/],
  [
    "a database that does not exist",
    () => as("postgres", "nope"),
    /has no database nope: create it; correct/,
  ],
] as const;

for (const [what, sqlUrl, sentence] of refusals) {
  test(`${what} ends the start of serve, and every command, with one line that says so`, async () => {
    const { host } = new URL(postgres.url);
    for (const [args, environment] of [
      [["serve"], serving(sqlUrl())],
      [["serve"], serving(sqlUrl(), { WORKERS: "2" })],
      [["clients", "list"], { SQL_URL: sqlUrl() }],
      [["migrate"], { SQL_URL: sqlUrl() }],
    ] as const) {
      const { code, out, err } = await runCommand(args, environment);
      assert.equal(code, 1, args.join(" "));
      assert.equal(out, "", "nothing is tried again");
      assert.match(err, /^gatehouse: .+\n$/);
      assert.match(err, sentence);
      assert.ok(err.includes(host));
      assert.doesNotMatch(err, /hunter2/);
    }
  });
}

for (const more of [{}, { WORKERS: "2" }]) {
  test(`serve ${JSON.stringify(more)} that waited for its database ends when that does not let it in`, async (t) => {
    const sqlUrl = as("gate:hunter2");
    await postgres.goDown();
    const child = startCommand(["serve"], serving(sqlUrl, { ...more, SQL_RETRY: "1s" }));
    t.after(() => child.kill("SIGKILL"));
    const printed = text(child.stderr ?? assert.fail());
    await untilPrinted(child, /the database cannot be reached; trying again/);
    const ended = once(child, "exit");
    await postgres.goUp();
    assert.deepEqual(await ended, [1, null]);
    assert.match(await printed, /^gatehouse: .*refuses the password of the user gate.*\n$/);
  });
}
