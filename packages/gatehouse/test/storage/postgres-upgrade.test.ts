import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Client } from "pg";
import { type SecretHash, seconds } from "../../src/oauth/values.ts";
import { knownMigrations, migrate, statementsOf } from "../../src/storage/postgres/migrations.ts";
import { openPostgresStore, pendingPostgresMigrations } from "../../src/storage/postgres/store.ts";
import { aClient, times } from "../contract/records.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";
import { oldStates } from "./postgres-old-states.ts";

let postgres: Postgres;
/** Of a database that was empty. */
let ownSchema: unknown[];
before(async () => {
  postgres = await startPostgres();
  const { url, client } = await aDatabase([]);
  const store = await openPostgresStore({ url });
  assert.equal(await store.wasOriginals(), false);
  await store.close();
  ownSchema = await schemaOf(client);
  await client.end();
});
after(() => postgres.stop());

async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return client;
}

async function aDatabase(steps: readonly string[]) {
  const url = await postgres.createDatabase();
  const client = await connect(url);
  for (const step of steps) await client.query(step);
  return { url, client };
}

type Columns = Map<string, string[]>;

async function columnsOf(client: Client): Promise<Columns> {
  const { rows } = await client.query<{ table_name: string; columns: string[] }>(
    `select table_name, array_agg(column_name::text order by column_name) as columns
     from information_schema.columns where table_schema = 'public' group by table_name order by table_name`,
  );
  return new Map(rows.map(({ table_name, columns }) => [table_name, columns]));
}

async function everyRow(client: Client, columns: Columns): Promise<Record<string, unknown[]>> {
  const found: Record<string, unknown[]> = {};
  for (const [table, names] of columns) {
    found[table] = (await client.query(`select ${names.join(", ")} from ${table} order by 1, 2`)).rows;
  }
  return found;
}

/** Name and type of each column of ours and of the four tables: what statements rely on. */
async function schemaOf(client: Client): Promise<unknown[]> {
  const { rows } = await client.query(
    `select table_name, column_name, udt_name, is_nullable from information_schema.columns
     where table_schema = 'public' and (table_name like 'oauth2%' or table_name like 'gatehouse%' or table_name = 'user_tokens')
     order by table_name, column_name`,
  );
  return rows;
}

/** What the first version that upgraded such databases did to them. */
function earlierMigrations(): string[] {
  const first = knownMigrations().filter(({ number }) => number <= 2);
  const noted = first.map(
    ({ number, name }) => `insert into gatehouse_migrations (number, name) values (${number}, '${name}')`,
  );
  const ledger =
    "create table gatehouse_migrations (number int primary key, name text not null, applied_at timestamptz not null default now())";
  return [...first.flatMap(statementsOf), ledger, ...noted];
}

/** Another process that brings the database up to date. */
function startMigrating(url: string): ChildProcess {
  const store = join(import.meta.dirname, "../../src/storage/postgres/store.ts");
  const script = `const { openPostgresStore } = await import(${JSON.stringify(store)});
    await (await openPostgresStore({ url: ${JSON.stringify(url)} })).close();`;
  return spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: "inherit" });
}

for (const { name, steps, redirectUris } of oldStates) {
  test(`a database as the service before us left it ${name} is upgraded in place, and not a row is lost`, async () => {
    const { url, client } = await aDatabase(steps);
    const columns = await columnsOf(client);
    const rows = await everyRow(client, columns);
    const store = await openPostgresStore({ url });
    assert.deepEqual(await everyRow(client, columns), rows);
    assert.deepEqual(await pendingPostgresMigrations(url), []);

    assert.equal(await store.wasOriginals(), true);
    assert.deepEqual(await schemaOf(client), ownSchema, "like one that was empty");

    const web = await store.findClient("web");
    assert.deepEqual(web?.redirectUris, redirectUris);
    assert.equal(web?.authMethod, "client_secret_post");
    assert.equal(web?.clearSecret, "s3cret");
    assert.equal(web?.createdAt, Date.UTC(2020, 0, 2, 3, 4, 5) / 1000);
    assert.equal(web?.dynamicallyRegistered, false);
    const at = seconds(Date.now() / 1000);
    assert.equal((await store.findAccessToken("plain" as SecretHash, at))?.email, "alice@example.com");
    assert.equal(await store.findAccessToken("over" as SecretHash, at), undefined);
    assert.equal(await store.findAccessToken("narrowed" as SecretHash, at), undefined);
    assert.equal(await store.addClient(aClient()), true);
    await store.close();
    await client.end();
  });

  test(`the service before us, ${name}, keeps working on the upgraded database`, async () => {
    const { url, client } = await aDatabase(steps);
    const store = await openPostgresStore({ url });
    await client.query(
      "insert into oauth2_sessions (id, client_id, state, callback_state, callback_url) values ('s', 'web', 'a', 'b', 'https://x.example/')",
    );
    const young = "created_at > now() - interval '1 hour'";
    const { rows } = await client.query(`select client_id from oauth2_sessions where id = 's' and ${young}`);
    assert.deepEqual(rows, [{ client_id: "web" }]);
    await client.query("delete from oauth2_sessions where id = 's'");
    await client.query("insert into oauth2_codes (id, client_id, email) values ('c', 'web', 'a@b.example')");
    const taken = await client.query(
      `delete from oauth2_codes where id = 'c' and client_id = 'web' and ${young} returning email`,
    );
    assert.deepEqual(taken.rows, [{ email: "a@b.example" }]);
    await client.query(
      "insert into user_tokens (token, email, expires_at) values ('t', 'a@b.example', now() + interval '7 days')",
    );
    const at = seconds(Date.now() / 1000);
    assert.equal((await store.findAccessToken("t" as SecretHash, at))?.email, "a@b.example");
    assert.equal(await store.revokeAccessToken("t" as SecretHash), true);

    await store.sweep(seconds(at + 4600), 100, seconds(90 * 86_400)); // past the quarter of an hour for which one that ended is told from one that never was
    for (const table of ["oauth2_sessions", "oauth2_codes"]) {
      assert.equal((await client.query(`select id from ${table}`)).rows.length, 0, "what it left is swept");
    }
    await store.close();
    await client.end();
  });
}

test("a database that Gatehouse used before it noted so is known as the original's by what only that wrote", async () => {
  const earlier = async (...steps: string[]) => {
    const { url, client } = await aDatabase([]);
    await (await openPostgresStore({ url })).close();
    await client.query("drop table gatehouse_origin");
    const noted = "select number from gatehouse_migrations where name like '%where-it-comes-from%'";
    await client.query(`delete from gatehouse_migrations where number >= (${noted})`);
    for (const step of steps) await client.query(step);
    await client.end();
    const store = await openPostgresStore({ url });
    const wasOriginals = await store.wasOriginals();
    await store.close();
    return wasOriginals;
  };
  const token = (columns: string, values: string) =>
    `insert into user_tokens (token, email, expires_at${columns}) values ('t', 'a@b.example', now()${values})`;
  assert.equal(await earlier(token(", grant_id", ", 'g'")), false, "a token of ours");
  assert.equal(await earlier(token("", "")), true, "a token of its");
  assert.equal(await earlier("insert into oauth2_clients (id, secret) values ('web', 's3cret')"), true);
});

test("several processes upgrade one database at once, and one that comes later finds nothing to do", async () => {
  for (const steps of [[], oldStates[1]?.steps ?? [], oldStates[5]?.steps ?? []]) {
    const { url, client } = await aDatabase(steps);
    const columns = await columnsOf(client);
    const rows = await everyRow(client, columns);
    assert.ok((await pendingPostgresMigrations(url)).length > 0);
    assert.deepEqual(await columnsOf(client), columns, "asking what is pending changes nothing");
    const exits = times(3, () => once(startMigrating(url), "exit"));
    const stores = await Promise.all(times(3, () => openPostgresStore({ url })));
    assert.deepEqual(
      (await Promise.all(exits)).map(([code]) => code),
      [0, 0, 0],
    );
    assert.deepEqual(await pendingPostgresMigrations(url), []);
    assert.deepEqual(await everyRow(client, columns), rows);
    for (const store of stores) await store.close();
    await client.end();
  }
});

test("a process killed in the middle of an upgrade leaves it to the next", async () => {
  for (const { steps } of [oldStates[1], oldStates[3], oldStates[5]].flatMap((state) => state ?? [])) {
    const { url, client } = await aDatabase(steps);
    const columns = await columnsOf(client);
    const rows = await everyRow(client, columns);
    for (const table of ["oauth2_codes", "user_tokens"]) {
      // Whoever upgrades comes as far as this table, and no further.
      await client.query(`begin; lock table ${table}`);
      const child = startMigrating(url);
      const waiting = "select 1 from pg_locks where not granted and relation = $1::regclass";
      while ((await client.query(waiting, [table])).rows.length === 0) await pause(10);
      child.kill("SIGKILL");
      await once(child, "exit");
      await client.query("rollback");
      assert.ok((await pendingPostgresMigrations(url)).length > 0);
    }
    const store = await openPostgresStore({ url });
    assert.deepEqual(await everyRow(client, columns), rows);
    assert.deepEqual(await pendingPostgresMigrations(url), []);
    assert.equal(await store.addClient(aClient()), true);
    await store.close();
    await client.end();
  }
});

test("clients that registered themselves with the service before us are not the operator's, whatever state their database comes from", async () => {
  for (const { name, steps } of oldStates.filter((_state, at) => at >= 2)) {
    for (const upgradedBefore of [false, true]) {
      const { url, client } = await aDatabase(steps);
      // As an earlier version left it.
      if (upgradedBefore) for (const statement of earlierMigrations()) await client.query(statement);
      const store = await openPostgresStore({ url });
      const isSelfAsserted = async (id: string) => (await store.findClient(id))?.dynamicallyRegistered;
      assert.equal(await isSelfAsserted("public"), true, name);
      assert.equal(await isSelfAsserted("web"), false, name);
      // One that registers there while both run.
      await client.query(
        "insert into oauth2_clients (id, redirect_uris, token_endpoint_auth_method, client_name) values ('evil', array['https://evil.example/cb'], 'none', 'Claude Code')",
      );
      assert.equal(await isSelfAsserted("evil"), true, name);
      const provisioned = (await store.listProvisionedClients()).map(({ id }) => id);
      assert.deepEqual(provisioned.toSorted(), ["other", "web"], name);
      assert.equal(await store.vouchForClient("public", true), true);
      assert.equal(await isSelfAsserted("public"), false, name);
      assert.equal(await isSelfAsserted("evil"), true, name);
      const own = aClient({ dynamicallyRegistered: false });
      await store.addClient(own);
      assert.equal(await isSelfAsserted(own.id), false, "provisioned here");
      await store.close();
      await client.end();
    }
  }
});

test("a newer database is left alone, and one that lacks migrations where they may not be applied", async () => {
  const { url, client } = await aDatabase([]);
  await assert.rejects(
    openPostgresStore({ url, migrate: false }),
    /lacks \d+ migrations, 0001.*gatehouse migrate/,
  );
  assert.equal((await columnsOf(client)).size, 0);
  await (await openPostgresStore({ url })).close();
  await (await openPostgresStore({ url, migrate: false })).close();
  await client.query("insert into gatehouse_migrations (number, name) values (9999, 'from the future')");
  await assert.rejects(openPostgresStore({ url }), /newer/);
  await assert.rejects(openPostgresStore({ url, migrate: false }), /newer/);
  await assert.rejects(pendingPostgresMigrations(url), /newer/);
  await client.end();
});

test("a database that a newer version upgraded is used, with a warning, where that version lets this one go on", async () => {
  const url = await postgres.createDatabase();
  const running = await openPostgresStore({ url });
  const known = knownMigrations();
  const newest = known.length;
  const later = (number: number, needs: number) => {
    const sql = `alter table gatehouse_accounts add column if not exists added_by_${number} text;`;
    return { number, name: `${number}-later.sql`, sql, needs };
  };
  const [first, second] = [later(newest + 1, newest), later(newest + 2, newest + 1)];
  await migrate({ url }, [...known, first]);
  assert.deepEqual(await pendingPostgresMigrations(url), []);
  const started = await openPostgresStore({ url });
  for (const store of [running, started]) {
    const [problem, ...more] = await store.findProblems();
    assert.deepEqual(more, []);
    assert.equal(problem?.isWarning, true);
    assert.match(
      problem.text,
      new RegExp(`to migration ${newest + 1}, this one knows ${newest} and goes on`),
    );
    assert.equal(await store.addClient(aClient()), true);
  }
  await started.close();

  await migrate({ url }, [...known, first, second]);
  const refused = new RegExp(
    `at migration ${newest + 2} and needs a version that knows ${newest + 1}, this version knows ${newest}: run a newer`,
  );
  await assert.rejects(openPostgresStore({ url }), { name: "WrongVersionError", message: refused });
  const [problem] = await running.findProblems();
  assert.equal(problem?.isWarning, undefined);
  assert.match(problem?.text ?? "", refused);
  await running.close();
});

test("a client with several redirect URIs of its own is not given the old single one", async () => {
  const { url, client } = await aDatabase(oldStates[0]?.steps ?? []);
  const store = await openPostgresStore({ url });
  const web = (await store.findClient("web")) ?? assert.fail();
  await store.replaceClient({ ...web, redirectUris: ["https://new.example/cb"] });
  assert.deepEqual((await store.findClient("web"))?.redirectUris, ["https://new.example/cb"]);
  await store.close();
  await client.end();
});

test("of several people who had one address before the upgrade the latest to sign in has it", async () => {
  const migrations = knownMigrations();
  const at = migrations.findIndex(({ name }) => name.includes("addresses-have-one-holder"));
  const { url, client } = await aDatabase(migrations.slice(0, at).flatMap(statementsOf));
  await client.query(
    `insert into gatehouse_accounts (subject, issuer, upstream_subject, email, created_at, signed_in_at) values
       ('user_early', 'https://idp.example', '1', 'ADA@example.com', now(), now() - interval '1 day'),
       ('user_late', 'https://idp.example', '2', 'ada@example.com', now(), now()),
       ('user_none', 'https://idp.example', '3', '', now(), now()),
       ('user_old', 'urn:gatehouse:address', 'ada@example.com', 'ada@example.com', now(), now() + interval '1 day')`,
  );
  const store = await openPostgresStore({ url });
  const { rows } = await client.query("select address, subject from gatehouse_addresses");
  assert.deepEqual(rows, [{ address: "ada@example.com", subject: "user_late" }]);
  await store.close();
  await client.end();
});
