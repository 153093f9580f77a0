import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { Client } from "pg";
import type { Store } from "../../src/oauth/store.ts";
import type { GrantId } from "../../src/oauth/values.ts";
import { openPostgresStore } from "../../src/storage/postgres/store.ts";
import { aClient, aGrant, aHash, aToken, now, times, unique } from "../contract/records.ts";
import { StoreUnderTest } from "../contract/store-under-test.ts";
import { freePort } from "../support/free-port.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";

const statementTimeout = 500;
/** Milliseconds that a busy machine may add: together less than the five seconds of who sets no time. */
const grace = 4000;
const unavailable = { name: "StoreUnavailableError" };

let postgres: Postgres;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres.stop());

async function aTestStore(over: { url?: string; poolSize?: number; statementTimeout?: number } = {}) {
  const tested = new StoreUnderTest();
  const url = over.url ?? (await postgres.createDatabase());
  await tested.open(() => openPostgresStore({ url, statementTimeout, ...over }));
  return { tested, store: tested.store, url };
}

/** Another client of the same database, who takes what we need. */
async function someoneElse(url: string, ...statements: string[]) {
  const client = new Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  for (const statement of statements) await client.query(statement);
  return client;
}

async function failsInTime(operation: () => Promise<unknown>): Promise<void> {
  const start = performance.now();
  await assert.rejects(operation(), unavailable);
  const took = performance.now() - start;
  assert.ok(took < statementTimeout + grace, `it took ${took} ms`);
}

/** Operations of every kind: a batched look-up, one statement, a transaction. */
const operations = (store: Store) => [
  () => store.findAccessToken(aHash(), now),
  () => store.addClient(aClient()),
  () => store.revokeGrant(unique() as GrantId),
  () => store.findProblems(),
];

test("with the database down everything fails in time, and all recovers without a restart", async () => {
  const { tested, store } = await aTestStore();
  const { token } = await tested.aLiveGrant();
  await Promise.all(times(20, () => store.findProblems()));
  await postgres.goDown();
  for (const operation of operations(store)) await failsInTime(operation);
  await Promise.all(times(50, () => failsInTime(() => store.findAccessToken(token.tokenHash, now))));
  await postgres.goUp();
  assert.deepEqual(await store.findAccessToken(token.tokenHash, now), token);
  await Promise.all(times(20, () => store.addClient(aClient())));
  await store.close();
});

test("a database that may only be read, or whose schema is another version's, is a problem", async () => {
  const { store, url } = await aTestStore();
  assert.deepEqual(await store.findProblems(), []);
  const number = "(select max(number) from gatehouse_migrations)";
  const other = await someoneElse(
    url,
    "insert into gatehouse_migrations (number, name) values (9999, 'later')",
  );
  assert.match(
    (await store.findProblems()).map(({ text }) => text).join(),
    /at migration 9999.*run a newer gatehouse/,
  );
  for (let i = 0; i < 2; i++) await other.query(`delete from gatehouse_migrations where number = ${number}`);
  assert.match((await store.findProblems()).map(({ text }) => text).join(), /run gatehouse migrate/);
  await other.query("drop table gatehouse_migrations");
  assert.match(
    (await store.findProblems()).map(({ text }) => text).join(),
    /at migration 0.*run gatehouse migrate/,
  );
  await other.end();
  await store.close();

  const restricted = await postgres.createDatabase();
  const owner = await aTestStore({ url: restricted });
  const rights = await someoneElse(
    restricted,
    "create role server login",
    "grant select on all tables in schema public to server",
    "grant insert, update, delete on all tables in schema public to server",
    "revoke insert, update, delete on gatehouse_migrations from server",
  );
  const served = restricted.replace("postgres@", "server@");
  const server = await openPostgresStore({ url: served, statementTimeout, migrate: false });
  assert.deepEqual(await server.findProblems(), [], "the schema is somebody else's to change");
  for (const { store: each } of [{ store: server }, owner]) await each.close();
  await rights.end();

  const readOnly = await postgres.createDatabase();
  const first = await aTestStore({ url: readOnly });
  await first.store.close();
  const name = new URL(readOnly).pathname.slice(1);
  const setting = await someoneElse(
    readOnly,
    `alter database ${name} set default_transaction_read_only = on`,
  );
  await setting.end();
  const second = await openPostgresStore({ url: readOnly, statementTimeout, migrate: false });
  await assert.rejects(second.findProblems(), { ...unavailable, message: /may only be read/ });
  await second.close();
});

test("a database that is down when operations are under way does not leave them hanging", async () => {
  const { tested, store, url } = await aTestStore();
  const { grant } = await tested.aLiveGrant();
  await someoneElse(url, "begin", "lock table gatehouse_grants");
  const waiting = times(5, () => failsInTime(() => tested.rotate(grant, 1)));
  await postgres.goDown();
  await Promise.all(waiting);
  await postgres.goUp();
  assert.equal(await tested.rotate(grant, 1), "rotated");
  await store.close();
});

test("a store that cannot be reached, or does not answer, cannot be opened", async () => {
  const connectTimeout = 300;
  const nobody = `postgres://postgres@127.0.0.1:${await freePort()}/postgres`;
  await assert.rejects(openPostgresStore({ url: nobody, connectTimeout }), unavailable);
  const mute = createServer(() => undefined).listen(0, "127.0.0.1");
  await once(mute, "listening");
  const address = mute.address();
  assert.ok(address !== null && typeof address === "object");
  const url = `postgres://postgres@127.0.0.1:${address.port}/postgres`;
  const start = performance.now();
  await assert.rejects(openPostgresStore({ url, connectTimeout }), unavailable);
  assert.ok(performance.now() - start < connectTimeout + grace);
  mute.close();
});

test("a statement that others hold up is given up in time, and fails nobody else", async () => {
  const { tested, store, url } = await aTestStore();
  const { grant, token } = await tested.aLiveGrant();
  const other = await someoneElse(url, "begin", "lock table gatehouse_grants");
  const [, found] = await Promise.all([
    failsInTime(() => store.findGrant(grant.id, now)),
    store.findAccessToken(token.tokenHash, now),
  ]);
  assert.deepEqual(found, token);
  await failsInTime(() => tested.rotate(grant, 1));
  await failsInTime(() => store.revokeGrant(grant.id));
  await other.query("rollback");
  assert.equal(await tested.rotate(grant, 1), "rotated", "what was given up has not happened");
  await other.end();
  await store.close();
});

test("who waits for a connection waits no longer than for an answer", async () => {
  const { tested, store, url } = await aTestStore({ poolSize: 1 });
  const { grant } = await tested.aLiveGrant();
  const other = await someoneElse(url, "begin", "lock table gatehouse_grants");
  await Promise.all(times(5, () => failsInTime(() => tested.rotate(grant, 1))));
  await other.end();
  await store.findProblems();
  await store.close();
});

test("what lost a race at SERIALIZABLE is run again", async () => {
  const { tested, store, url } = await aTestStore({ url: await postgres.createDatabase("serializable") });
  const code = await tested.anIssuedCode();
  const other = await someoneElse(url, "begin");
  await other.query("update oauth2_codes set used = true where id = $1", [code.codeHash]);
  const grant = aGrant(code);
  const redeemed = store.redeemCode(code.codeHash, now, grant, aToken(grant));
  await waitsForLock(url);
  await other.query("commit"); // Which fails whoever waited, at this isolation level.
  assert.equal(await redeemed, "used");
  await other.end();
  await store.close();
});

test("what was undone to end a deadlock is run again", async () => {
  const { tested, url } = await aTestStore();
  const { grant } = await tested.aLiveGrant();
  await tested.store.close();
  const gate = await someoneElse(
    url,
    "alter role postgres set deadlock_timeout = '50ms'",
    `create function wait_at_gate() returns trigger language plpgsql as
       $$ begin perform pg_advisory_xact_lock(1); return null; end $$`,
    "create trigger gate before delete on gatehouse_grants execute function wait_at_gate()",
    "select pg_advisory_lock(1)",
  );
  const { store } = await aTestStore({ url, statementTimeout: 30_000 });
  // Never finds the deadlock itself: the database ends it at the expense of whoever does.
  const other = await someoneElse(url, "set deadlock_timeout = '10min'", "begin");
  await other.query("select 1 from gatehouse_grants for update");
  const removed = store.removeClient(grant.clientId);
  await waitsForLock(url); // it has the client, and wants the grant as soon as the gate is open
  const updated = other.query("update oauth2_clients set scope = scope");
  await waitsForLock(url, 2); // the other has the grant, and wants the client
  await gate.query("select pg_advisory_unlock(1)");
  await updated;
  await other.query("commit");
  assert.equal(await removed, true);
  await gate.query("alter role postgres reset deadlock_timeout");
  await gate.end();
  await other.end();
  await store.close();
});

test("what loses every race is given up in time", async () => {
  const { store, url } = await aTestStore();
  const other = await someoneElse(
    url,
    "create sequence attempts",
    `create function lose() returns trigger language plpgsql as
       $$ begin perform nextval('attempts'); raise exception 'lost' using errcode = '40001'; end $$`,
    "create trigger lose before insert on oauth2_clients execute function lose()",
  );
  await failsInTime(() => store.addClient(aClient()));
  const { rows } = await other.query<{ n: number }>("select nextval('attempts')::int as n");
  const attempts = (rows[0]?.n ?? 0) - 1;
  assert.ok(attempts > 3 && attempts <= 50, `${attempts} attempts`);
  await other.end();
  await store.close();
});

test("a closed store is unavailable", async () => {
  const { store } = await aTestStore();
  await store.close();
  await store.close();
  for (const operation of operations(store)) await assert.rejects(operation(), unavailable);
});

test("a redemption or rotation whose answer was lost has happened once, whatever the client tries again", async () => {
  const direct = await aTestStore();
  const line = await aLine(direct.url);
  const { tested, store } = await aTestStore({ url: line.url });
  const code = await tested.anIssuedCode();
  const { grant } = await tested.aLiveGrant();
  const [first, second] = times(2, () => aGrant(code));
  assert.ok(first && second);
  const attempt = (wanted: typeof first) => store.redeemCode(code.codeHash, now, wanted, aToken(wanted));

  line.loseAnswers();
  await failsInTime(() => attempt(first));
  line.restore();
  assert.equal(await attempt(second), "used");
  assert.equal((await store.findCode(code.codeHash))?.grantId, first.id);
  assert.ok(await store.findGrant(first.id, now));
  assert.equal(await store.findGrant(second.id, now), undefined);

  line.loseAnswers();
  await failsInTime(() => tested.rotate(grant, 1));
  line.restore();
  assert.equal(await tested.rotate(grant, 1), "replayed", "the same lineage");
  assert.equal((await store.findGrant(grant.id, now))?.generation, 2);
  await store.close();
  await direct.store.close();
  line.close();
});

/** Resolves once so many wait for a lock that others have. */
async function waitsForLock(url: string, waiters = 1): Promise<void> {
  const client = await someoneElse(url);
  const waiting = "select count(*)::int as n from pg_locks where not granted";
  while (((await client.query<{ n: number }>(waiting)).rows[0]?.n ?? 0) < waiters);
  await client.end();
}

/** A line to the database on which answers can be lost: what is asked arrives, and then the line is cut. */
async function aLine(url: string) {
  const sockets = new Set<Socket>();
  let lost = false;
  const { hostname, port } = new URL(url);
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
    }
    near.pipe(far);
    far.on("end", () => near.end());
    far.on("data", (answer) => {
      if (!lost) return near.write(answer);
      near.destroy();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  return {
    url: url.replace(port, `${address.port}`),
    loseAnswers: () => {
      lost = true;
    },
    restore: () => {
      lost = false;
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
