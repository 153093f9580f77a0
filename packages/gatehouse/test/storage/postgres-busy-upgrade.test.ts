import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { Client } from "pg";
import { StoreUnavailableError } from "../../src/oauth/store.ts";
import { hashSecret } from "../../src/oauth/tokens/secret.ts";
import { seconds } from "../../src/oauth/values.ts";
import { openPostgresStore, pendingPostgresMigrations } from "../../src/storage/postgres/store.ts";
import { runCommand } from "../commands/command-line.ts";
import { OldService } from "../support/old-service.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";
import { oldStates } from "./postgres-old-states.ts";

/*
 * An upgrade while the service before us serves people and somebody else reads for long. What it does is held
 * up for a second by nobody: its connection gives up any statement that waits longer for a lock, and none
 * may.
 */

let postgres: Postgres;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres.stop());

async function connect(t: TestContext, url: string, application_name = "test"): Promise<Client> {
  const client = new Client({ connectionString: url, application_name });
  await client.connect();
  t.after(() => client.end());
  return client;
}

async function aLiveDatabase(t: TestContext): Promise<{ url: string; sql: Client }> {
  const url = await postgres.createDatabase();
  const sql = await connect(t, url);
  for (const step of oldStates.at(-1)?.steps ?? []) await sql.query(step);
  return { url, sql };
}

/** Signs people in at the service before us, one after the other, until it is stopped. @returns how many */
async function keepServing(url: string): Promise<{ stop(): Promise<number> }> {
  const service = new OldService(url);
  await (await service.connect()).query("set lock_timeout = '1s'");
  let stopped = false;
  let served = 0;
  const serving = (async () => {
    while (!stopped) {
      const { session, state } = await service.authorize("web", "s", "https://app.example.com/cb");
      const code = (await service.callback(session, state, "carol@example.com")) ?? assert.fail("no code");
      const token = (await service.token("web", "s3cret", code)) ?? assert.fail("no token");
      assert.equal(await service.introspect(token), "carol@example.com");
      await service.cleanUp();
      served++;
    }
  })();
  serving.catch(() => undefined); // told by stop
  return {
    async stop() {
      stopped = true;
      await serving.finally(() => service.close());
      return served;
    },
  };
}

test("while somebody reads for long an upgrade holds nobody up for a second, says who reads, and gives up with a sentence", async (t) => {
  const { url } = await aLiveDatabase(t);
  const reader = await connect(t, url, "pg_dump");
  await reader.query("begin isolation level repeatable read");
  await reader.query("select count(*) from oauth2_clients, user_tokens");
  const service = await keepServing(url);
  const told: string[] = [];
  const onWait = (message: string) => void told.push(message);
  await assert.rejects(openPostgresStore({ url, waitMs: 4000, onWait }), (error: Error) => {
    assert.ok(error instanceof StoreUnavailableError);
    assert.match(
      error.message,
      /in use by pg_dump \(process \d+, user postgres, .*: SELECT\)\. .*run gatehouse migrate when they have finished/,
    );
    return true;
  });
  assert.match(told[0] ?? "", /^waiting for pg_dump \(process \d+.*; trying for \d+ seconds more$/);
  const { code, out, err } = await runCommand(["migrate", "--wait", "1s"], { SQL_URL: url });
  assert.deepEqual([code, out], [1, ""], err);
  assert.match(
    err,
    /^gatehouse: waiting for pg_dump .*\ngatehouse: the database cannot be brought up to date/,
  );
  await reader.query("commit");
  await (await openPostgresStore({ url })).close();
  assert.ok((await service.stop()) > 0);
  assert.deepEqual(await pendingPostgresMigrations(url), []);
});

test("an index of a large table is built beside the writing, and anew after whoever built it was killed", async (t) => {
  const { url, sql } = await aLiveDatabase(t);
  await sql.query(
    `insert into user_tokens (token, email, expires_at)
     select md5(i::text) || md5((-i)::text), 'somebody.with.a.long.name@example.com', now() from generate_series(1, 250000) as i`,
  );
  const invalid = async () =>
    (await sql.query("select indexrelid::regclass::text as name from pg_index where not indisvalid")).rows;
  const reader = await connect(t, url, "somebody");
  // Holds no table, but an old snapshot: what is built beside the writing waits for it, and nothing else
  // does.
  await reader.query("begin isolation level repeatable read");
  await reader.query("select 1");
  const service = await keepServing(url);
  const child = spawn(process.execPath, [join(import.meta.dirname, "../../bin/gatehouse.js"), "migrate"], {
    env: { SQL_URL: url },
    stdio: "ignore",
  });
  while ((await invalid()).length === 0);
  child.kill("SIGKILL");
  await once(child, "exit");
  assert.deepEqual(await invalid(), [{ name: "user_tokens_expires_at_idx" }], "half made");
  await reader.query("commit");
  await (await openPostgresStore({ url })).close();
  assert.ok((await service.stop()) > 0);
  assert.deepEqual(await invalid(), []);
  const { rows } = await sql.query(
    "select indexname from pg_indexes where tablename = 'user_tokens' order by 1",
  );
  const names = rows.map(({ indexname }) => indexname);
  assert.deepEqual(names, ["user_tokens_grant_id_idx", "user_tokens_minted_here_idx", "user_tokens_pkey"]);
});

test("a user who does not own the tables is told which right is missing, and how to give it", async (t) => {
  const { url, sql } = await aLiveDatabase(t);
  await sql.query("create role gatehouse_app login");
  await sql.query("grant all on all tables in schema public to gatehouse_app");
  await sql.query("grant create on schema public to gatehouse_app");
  const { code, err } = await runCommand(["migrate"], {
    SQL_URL: url.replace("postgres@", "gatehouse_app@"),
  });
  assert.equal(code, 1);
  assert.match(
    err,
    /^gatehouse: the database user "gatehouse_app" may not do what the upgrade needs: must be owner of table oauth2_clients\. Let it own the tables \(alter table … owner to "gatehouse_app"\)/,
  );
  for (const table of ["oauth2_clients", "oauth2_codes", "oauth2_sessions", "user_tokens"]) {
    await sql.query(`alter table ${table} owner to gatehouse_app`);
  }
  await sql.query("revoke delete on refresh_tokens from gatehouse_app");
  for (const args of [["migrate"], ["migrate", "--dry-run"]]) {
    const refused = await runCommand(args, { SQL_URL: url.replace("postgres@", "gatehouse_app@") });
    assert.equal(refused.code, 1);
    assert.match(refused.err, /^gatehouse: .*: grant select, delete on refresh_tokens to "gatehouse_app"$/m);
  }
  await sql.query("grant select, delete on refresh_tokens to gatehouse_app");
  const done = await runCommand(["migrate"], { SQL_URL: url.replace("postgres@", "gatehouse_app@") });
  assert.equal(done.code, 0, done.err);
});

test("a user who may not see what others do still learns who is in the way, and nobody is named where the database cannot tell", async (t) => {
  const { url, sql } = await aLiveDatabase(t);
  await sql.query("create role gatehouse_plain login");
  await sql.query("grant create on schema public to gatehouse_plain");
  for (const table of [
    "oauth2_clients",
    "oauth2_codes",
    "oauth2_sessions",
    "user_tokens",
    "refresh_tokens",
  ]) {
    await sql.query(`alter table ${table} owner to gatehouse_plain`);
  }
  const reader = await connect(t, url, "pg_dump");
  await reader.query("begin");
  await reader.query("select count(*) from oauth2_clients");
  const plain = url.replace("postgres@", "gatehouse_plain@");
  await assert.rejects(
    openPostgresStore({ url: plain, waitMs: 1000 }),
    /in use by pg_dump \(process \d+, user postgres/,
  );
  // As on CockroachDB.
  await sql.query("revoke execute on function pg_blocking_pids(int) from public");
  await assert.rejects(openPostgresStore({ url: plain, waitMs: 1000 }), /in use by somebody else\./);
  await reader.query("commit");
  await (await openPostgresStore({ url: plain })).close();
});

test("a table of the same name that another application has is left alone", async (t) => {
  const url = await postgres.createDatabase();
  const sql = await connect(t, url);
  await sql.query("create table refresh_tokens (id int primary key, token text, session jsonb)");
  await sql.query("insert into refresh_tokens values (1, 'theirs', '{}')");
  await sql.query("create role gatehouse_beside login");
  await sql.query("grant create on schema public to gatehouse_beside");
  const store = await openPostgresStore({ url: url.replace("postgres@", "gatehouse_beside@") });
  const hash = hashSecret("theirs");
  assert.equal(await store.findOriginalRefreshToken(hash, seconds(0)), undefined);
  assert.equal(await store.revokeOriginalRefreshToken(hash), false);
  await store.close();
  assert.equal((await sql.query("select id from refresh_tokens")).rowCount, 1);
});
