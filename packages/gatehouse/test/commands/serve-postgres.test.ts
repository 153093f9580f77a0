import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { configuredKey } from "../../src/oauth/tokens/secret-keys.ts";
import { seconds } from "../../src/oauth/values.ts";
import { openPostgresStore } from "../../src/storage/postgres/store.ts";
import { StoreUnderTest } from "../contract/store-under-test.ts";
import { freePort } from "../support/free-port.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";
import { anyProvider, runCommand, startCommand, untilPrinted } from "./command-line.ts";

let postgres: Postgres;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres?.stop());

const status = async (url: string) => (await fetch(url)).status;

test("serve waits for a database that is down, says so, and goes on when it is there", async (t) => {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const database = await postgres.createDatabase();
  await postgres.goDown();
  const child = startCommand(["serve"], {
    ...anyProvider,
    PORT: String(port),
    SQL_URL: database,
    SECRET_KEY: "k.".repeat(20),
    SQL_TIMEOUT: "2s",
    INTROSPECTION_TOKEN: "the-operators-introspection-token",
  });
  t.after(() => child.kill("SIGKILL"));
  let printed = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    printed += chunk;
  });
  await untilPrinted(child, /the database cannot be reached; trying again.*\n/);
  assert.equal(await status(`${url}/healthz`), 200);
  assert.equal(await status(`${url}/readyz`), 503);
  await isTakenAway(url);
  await postgres.goUp();
  await until(url, 200);
  while (!printed.includes("the database is there")) await new Promise((resolve) => setTimeout(resolve, 20));
  const retries = printed.split("\n").filter((line) => line.includes("trying again"));
  for (const line of retries) {
    assert.ok(line.length < 300, line);
    assert.match(
      JSON.parse(line).msg,
      // While it starts it listens, and takes nobody yet.
      /^(?:connect ECONNREFUSED .*|the database system is .*): the database cannot be reached/,
      "the reason first",
    );
    assert.doesNotMatch(line, /"stack"| {2}at /);
  }
  assert.equal(printed.split("the database is there").length, 2, "told once");
  await postgres.goDown();
  await isTakenAway(url);
  await postgres.goUp();
  await until(url, 200);
  assert.equal((await ask(url, "/token")).status, 401, "as if nothing had been");
});

/** Every program that asks is told to come again, in the shape it knows. */
async function isTakenAway(url: string): Promise<void> {
  for (const path of ["/token", "/introspect", "/revoke"]) {
    const { status, headers, body } = await ask(url, path);
    assert.equal(status, 503, path);
    assert.match(headers.get("retry-after") ?? "", /^\d+$/, path);
    assert.equal(body.error, "temporarily_unavailable", path);
  }
}

async function ask(url: string, path: string) {
  const token = `gatehouse_at_${"x".repeat(60)}`;
  const body = new URLSearchParams({
    grant_type: "refresh_token",
    client_id: "x",
    refresh_token: "x",
    token,
  });
  const headers: Record<string, string> =
    path === "/introspect" ? { authorization: "Bearer the-operators-introspection-token" } : {};
  const response = await fetch(url + path, { method: "POST", body, headers });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as { error: string },
  };
}

async function until(url: string, wanted: number): Promise<void> {
  while ((await status(`${url}/readyz`)) !== wanted) await new Promise((resolve) => setTimeout(resolve, 50));
}

test("migrate shows the SQL, applies it once, and serve refuses an old database when told not to touch it", async (t) => {
  const environment = { SQL_URL: await postgres.createDatabase(), SECRET_KEY: "k.".repeat(20) };
  const early = await runCommand(["clients", "list"], environment);
  assert.match(early.err, /run gatehouse migrate/, "looking changes no schema");
  const dry = await runCommand(["migrate", "--dry-run"], environment);
  assert.match(dry.out, /create table if not exists/i, dry.err);
  const port = await freePort();
  const child = startCommand(["serve"], {
    ...anyProvider,
    ...environment,
    PORT: String(port),
    MIGRATE: "off",
  });
  t.after(() => child.kill("SIGKILL"));
  await untilPrinted(child, /run gatehouse migrate/);
  const readiness = await fetch(`http://localhost:${port}/readyz`);
  assert.equal(readiness.status, 503);
  assert.match(await readiness.text(), /"problems":\["the database lacks .*: run gatehouse migrate"\]/);
  const applied = JSON.parse((await runCommand(["migrate", "--json"], environment)).out).applied;
  assert.ok(applied.length > 0);
  assert.equal((await runCommand(["migrate"], environment)).err, "The database is up to date.\n");
  assert.match((await runCommand(["clients", "list"], environment)).err, /no clients/);
  const added = await runCommand(["resources", "add", "https://notes.example.com/mcp"], environment);
  const { username, password, host, pathname } = new URL(environment.SQL_URL);
  assert.notEqual(`${username}${password}`, "");
  const told = `Changed the database postgres://${host}${pathname}\n`;
  assert.ok(added.err.startsWith(told), "without user and password");
});

test("a database that cannot be reached is told in a sentence, without its password", async () => {
  const SQL_URL = `postgres://gate:hunter2@127.0.0.1:${await freePort()}/gate`;
  const { code, err } = await runCommand(["clients", "list"], { SQL_URL });
  assert.equal(code, 1);
  assert.match(err, /^gatehouse: .+\n$/);
  assert.doesNotMatch(err, /hunter2/);
});

test("keys that the database was not used with end the start, whether it is there or comes later, with one process or several", async (t) => {
  const database = await postgres.createDatabase();
  const store = await openPostgresStore({ url: database });
  const tested = new StoreUnderTest();
  await tested.open(async () => store);
  const now = seconds(Date.now() / 1000);
  await tested.aLiveGrant({ expiresAt: seconds(now + 1000) });
  assert.equal(
    await store.startWithKeys([(await configuredKey("o".repeat(32))).readings[0].fingerprint], now),
    true,
  );
  await store.close();
  const listen = { BASE_URL: "http://localhost:1", PORT: "0" };
  const environment = { ...anyProvider, ...listen, SQL_URL: database, SECRET_KEY: "n".repeat(32) };
  const refused = /the database was used with other keys .* and 1 person signs in anew/;
  for (const WORKERS of ["1", "2"]) {
    const { code, err } = await runCommand(["serve"], { ...environment, WORKERS });
    assert.equal(code, 2, err);
    assert.match(err, refused);
  }
  await postgres.goDown();
  const child = startCommand(["serve"], environment);
  t.after(() => child.kill("SIGKILL"));
  const [ended, told] = [once(child, "exit"), untilPrinted(child, refused)];
  await untilPrinted(child, /the database cannot be reached; trying again/);
  await postgres.goUp();
  await told;
  assert.deepEqual(await ended, [2, null]);
  const both = startCommand(["serve"], { ...environment, SECRET_KEY: `${"n".repeat(32)},${"o".repeat(32)}` });
  t.after(() => both.kill("SIGKILL"));
  await untilPrinted(both, /listening/);
});
