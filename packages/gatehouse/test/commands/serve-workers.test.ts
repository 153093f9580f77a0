import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { after, before, test } from "node:test";
import type { Store } from "../../src/oauth/store.ts";
import { hashSecret } from "../../src/oauth/tokens/secret.ts";
import { seconds } from "../../src/oauth/values.ts";
import { openPostgresStore } from "../../src/storage/postgres/store.ts";
import { openSqliteStore } from "../../src/storage/sqlite/store.ts";
import { aClient, aCode, anAuthorization } from "../contract/records.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";
import {
  aDatabase,
  anyProvider,
  isRefusedATakenPort,
  runCommand,
  startCommand,
  untilPrinted,
} from "./command-line.ts";

let postgres: Postgres;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres?.stop());

const settings = {
  ...anyProvider,
  BASE_URL: "http://localhost:1",
  PORT: "0",
  WORKERS: "2",
  SECRET_KEY: "k.".repeat(20),
  INTROSPECTION_TOKEN: "the-operators-introspection-token",
  RATE_LIMITS: "off",
};

async function start(environment: Readonly<Record<string, string>>, until = /listening.*\n/) {
  const child = startCommand(["serve"], { ...settings, ...environment });
  const printed = await untilPrinted(child, until);
  const line = JSON.parse(printed.split("\n").find((entry) => entry.includes("listening")) ?? "");
  return { child, printed, url: line.address as string, workers: line.workers as number };
}

const childrenOf = (pid: number | undefined) =>
  execFileSync("ps", ["-o", "pid=", "--ppid", String(pid)], { encoding: "utf8" })
    .trim()
    .split(/\s+/)
    .map(Number)
    .filter((child) => isAlive(child));

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const linux = { skip: process.platform !== "linux" && "looks at processes as Linux shows them" };

test("workers share the port, one that dies is replaced, and all stop together", linux, async (t) => {
  const database = await aDatabase();
  t.after(database.remove);
  const { child, url, workers } = await start(database.environment);
  t.after(() => child.kill("SIGKILL"));
  assert.equal(workers, 2);
  const [first = 0, second = 0] = childrenOf(child.pid);
  assert.ok(first > 0 && second > 0, "two processes serve");
  const replaced = untilPrinted(child, /a worker ended; another takes its place/);
  process.kill(first, "SIGKILL");
  await replaced;
  assert.equal((await fetch(`${url}/readyz`)).status, 200, "the other one goes on");
  while (childrenOf(child.pid).length < 2) await new Promise((resolve) => setTimeout(resolve, 50));
  const all = childrenOf(child.pid);
  assert.ok(all.includes(second) && !all.includes(first));
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  assert.deepEqual(await ended, [0, null]);
  assert.deepEqual(all.filter(isAlive), []);
});

test("what keeps workers from listening is said once", async (t) => {
  const database = await aDatabase();
  t.after(database.remove);
  await isRefusedATakenPort({ ...settings, ...database.environment });
});

test("workers that could not share what they need are refused", async () => {
  for (const [environment, reason] of [
    [{ ...settings, SQL_URL: "sqlite::memory:" }, /WORKERS[\s\S]*database in memory/],
    [{ ...settings, WORKERS: "many" }, /WORKERS[\s\S]*auto, or a number/],
  ] as const) {
    const { code, err } = await runCommand(["serve"], environment);
    assert.equal(code, 2);
    assert.match(err, reason);
  }
});

for (const kind of ["SQLite", "PostgreSQL"] as const) {
  test(`a thousand at once with one code, then with one refresh token, at two workers on ${kind}`, async (t) => {
    const sqlite = await aDatabase();
    t.after(sqlite.remove);
    const sqlUrl = kind === "SQLite" ? (sqlite.environment.SQL_URL ?? "") : await postgres.createDatabase();
    const store =
      kind === "SQLite"
        ? await openSqliteStore({ path: sqlUrl.slice("sqlite:".length) })
        : await openPostgresStore({ url: sqlUrl });
    const raced = await issueCode(store);
    const calm = await issueCode(store);
    await store.close();
    const { child, url } = await start({ ...sqlite.environment, SQL_URL: sqlUrl });
    t.after(() => child.kill("SIGKILL"));
    const thousand = (body: Record<string, string>) =>
      Promise.all(Array.from({ length: 1000 }, () => post(`${url}/token`, body)));

    const redemptions = await thousand(raced);
    const [redeemed, ...more] = redemptions.filter(({ status }) => status === 200);
    assert.ok(redeemed !== undefined && more.length === 0, "a code is redeemed once");
    // F04: that it was presented again ended what came of it, whichever worker heard of it.
    const introspect = (token: string) =>
      post(`${url}/introspect`, { token }, { authorization: "Bearer the-operators-introspection-token" });
    assert.equal((await introspect(redeemed.body.access_token ?? "")).body.active, false);

    const fresh = await post(`${url}/token`, calm);
    assert.equal(fresh.status, 200);
    const { client_id } = calm;
    const refreshed = await thousand({
      grant_type: "refresh_token",
      refresh_token: fresh.body.refresh_token ?? "",
      client_id,
    });
    const successors = new Set(refreshed.map(({ status, body }) => `${status} ${body.refresh_token}`));
    assert.equal(successors.size, 1, "one lineage");
    assert.ok([...successors][0]?.startsWith("200 gatehouse_rt_"));
    const tokens = refreshed.slice(0, 20).map(({ body }) => body.access_token ?? "");
    const active = async () =>
      new Set((await Promise.all(tokens.map(introspect))).map(({ body }) => body.active));
    assert.deepEqual(await active(), new Set([true]), "each worker knows what the other issued");
    const revoked = await post(`${url}/revoke`, {
      token: refreshed[0]?.body.refresh_token ?? "",
      client_id,
    });
    assert.equal(revoked.status, 200);
    assert.deepEqual(await active(), new Set([false]), "and what the other revoked");
  });
}

interface Answer {
  readonly status: number;
  readonly body: { access_token?: string; refresh_token?: string; active?: boolean };
}

async function post(
  url: string,
  body: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(url, { method: "POST", body: new URLSearchParams(body), headers });
  const text = await response.text();
  return { status: response.status, body: text === "" ? {} : JSON.parse(text) };
}

/** A code as an approval leaves it: the form that redeems it. */
async function issueCode(store: Store) {
  const now = seconds(Date.now() / 1000);
  const verifier = randomBytes(32).toString("base64url");
  const code = `gatehouse_ac_${randomBytes(32).toString("base64url")}`;
  const client = aClient({ createdAt: now });
  await store.addClient(client);
  const authorization = anAuthorization(client, { codeChallenge: hashSecret(verifier) });
  const handleHash = hashSecret(code);
  await store.beginTransaction({
    handleHash,
    bindingHash: handleHash,
    authorization,
    signedIn: undefined,
    expiresAt: seconds(now + 60),
  });
  const life = { authTime: now, createdAt: now, expiresAt: seconds(now + 60) };
  await store.completeTransaction(handleHash, now, {
    code: aCode(authorization, { codeHash: hashSecret(code), ...life }),
  });
  return {
    grant_type: "authorization_code",
    code,
    code_verifier: verifier,
    redirect_uri: authorization.redirectUri,
    client_id: client.id,
  };
}

test("Z25 the metrics of all workers are told together, at the address that is configured", async (t) => {
  const database = await aDatabase();
  t.after(database.remove);
  const told = { ...database.environment, METRICS_LISTEN: "127.0.0.1:0" };
  const { child, url, printed } = await start(told, /"msg":"metrics".*\n/);
  t.after(() => child.kill("SIGKILL"));
  const metrics = JSON.parse(printed.split("\n").find((line) => line.includes('"metrics"')) ?? "").address;
  for (let count = 0; count < 8; count++) {
    // A connection of its own for each, so that both workers get some.
    await (await fetch(`${url}/healthz`, { headers: { connection: "close" } })).text();
  }
  const text = await (await fetch(metrics)).text();
  assert.match(text, /^gatehouse_http_requests_total\{endpoint="\/healthz",outcome="ok"\} 8$/m);
  const { port } = new URL(metrics);
  const second = await runCommand(["serve"], {
    ...settings,
    ...database.environment,
    METRICS_LISTEN: `127.0.0.1:${port}`,
  });
  assert.equal(second.code, 1);
  assert.match(second.err, new RegExp(`METRICS_LISTEN: port ${port} of 127\\.0\\.0\\.1 is taken`));
  assert.equal((await fetch(metrics)).status, 200, "the first goes on");
});
