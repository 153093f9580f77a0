import assert from "node:assert/strict";
import { type ChildProcess, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readFileSync, statSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { type TestContext, test } from "node:test";
import { startTestGatehouse } from "../support/gatehouse.ts";
import {
  aPublicClient,
  isActive,
  refresh,
  refreshed,
  resource,
  tokensFor,
  tokensOf,
} from "../support/oauth-client.ts";
import { mountSmallDisk, noSmallDisk } from "../support/small-disk.ts";
import { aDatabase, startCommand, untilPrinted } from "./command-line.ts";

/* A server in trouble: what it answers, what it says of itself, and that it still does what it is told. */

/** Nobody signs in here. */
const settings = {
  BASE_URL: "http://localhost:1",
  PORT: "0",
  UPSTREAM_ISSUER: "http://localhost:1",
  OAUTH2_CLIENT_ID: "gatehouse",
  OAUTH2_CLIENT_SECRET: "a-secret",
  INTROSPECTION_TOKEN: "the-operators-introspection-token",
};

interface Readiness {
  readonly status: string;
  readonly problems?: readonly string[];
}

async function aServer(t: TestContext) {
  const database = await aDatabase();
  t.after(database.remove);
  const child = startCommand(["serve"], { ...settings, ...database.environment });
  t.after(() => child.kill("SIGKILL"));
  let printed = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    printed += chunk;
  });
  const start = await untilPrinted(child, /listening.*\n/);
  const { address } = JSON.parse(start.split("\n").find((line) => line.includes("listening")) ?? "");
  const ready = async () => {
    const response = await fetch(`${address}/readyz`);
    return { status: response.status, body: (await response.json()) as Readiness };
  };
  return {
    child,
    path: database.path,
    ready,
    /** Readiness is looked into once a second at most. */
    async until(status: number) {
      for (;;) {
        const answer = await ready();
        if (answer.status === status) return answer.body;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    register: () =>
      fetch(`${address}/register`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ client_name: "x".repeat(50), redirect_uris: ["http://localhost/callback"] }),
      }),
    introspect: () =>
      fetch(`${address}/introspect`, {
        method: "POST",
        headers: { authorization: "Bearer the-operators-introspection-token" },
        body: new URLSearchParams({ token: `gatehouse_at_${"x".repeat(60)}` }),
      }),
    log: (name: string) =>
      printed
        .split("\n")
        .filter((line) => line.includes(name))
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

async function ends(child: ChildProcess): Promise<void> {
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  assert.deepEqual(await ended, [0, null]);
}

test("while the disk takes no more, serve is not ready and says why, and reads on", async (t) => {
  const { child, ready, until, register, introspect, log } = await aServer(t);
  assert.equal((await ready()).status, 200);
  const limit = (bytes: string) =>
    spawnSync("prlimit", ["--pid", String(child.pid), `--fsize=${bytes}:unlimited`]).status;
  if (limit("4096") !== 0) return t.skip("no prlimit here");
  const body = await until(503);
  assert.equal(body.status, "not ready");
  assert.equal(body.problems?.length, 1);
  assert.match(body.problems[0] ?? "", /disk/);
  assert.equal((await register()).status, 503);
  assert.equal((await introspect()).status, 200);
  await ready();
  limit("unlimited");
  await until(200);
  assert.equal((await register()).status, 201);
  assert.equal(log('"not_ready"').length, 1, "told once");
  assert.equal(log('"not_ready"')[0]?.level, "error");
  assert.equal(log('"ready_again"').length, 1);
  await ends(child);
});

test("on a full disk a refresh is told to come again, with the reason in the log, and loses nothing", async (t) => {
  const disk = mountSmallDisk(t, 4);
  if (disk === undefined) return t.skip(noSmallDisk);
  const server = await startTestGatehouse({ SQL_URL: `sqlite:${disk.folder}/gatehouse.db` });
  t.after(() => server.stop());
  await server.addResource(resource);
  const client = await aPublicClient(server);
  const first = await tokensFor(server, client);
  const makeRoom = disk.fill();
  // The write-ahead log may have had room for some more.
  let [last, next] = [first, await refresh(server, client, first.refresh_token)];
  while (next.status === 200) {
    last = tokensOf(next);
    next = await refresh(server, client, last.refresh_token);
  }
  assert.equal(next.status, 503);
  assert.match(next.headers.get("retry-after") ?? "", /^\d+$/);
  assert.equal(next.body.error, "temporarily_unavailable");
  assert.ok(server.log.some((line) => line.includes("the disk is full")));
  server.clock.advance(1);
  assert.equal((await fetch(`${server.url}/readyz`)).status, 503);
  assert.equal(await isActive(server, last.access_token), true, "what reads goes on");
  makeRoom();
  server.clock.advance(1);
  assert.equal((await fetch(`${server.url}/readyz`)).status, 200);
  const after = await refreshed(server, client, last.refresh_token);
  assert.equal(await isActive(server, after.access_token), true);
});

test("a log that cannot be written ends no server, and goes on once there is room", async (t) => {
  const database = await aDatabase();
  t.after(database.remove);
  const path = `${database.path}.log`;
  const file = openSync(path, "a");
  t.after(() => closeSync(file));
  const environment = { ...settings, SQL_URL: "sqlite::memory:", LOG_LEVEL: "debug" };
  const child = startCommand(["serve"], environment, file);
  t.after(() => child.kill("SIGKILL"));
  const log = () => readFileSync(path, "utf8");
  while (!log().includes('"listening"')) await new Promise((resolve) => setTimeout(resolve, 50));
  const lines = log().trim().split("\n");
  const { address } = JSON.parse(lines.find((line) => line.includes('"listening"')) ?? "");
  const limit = (bytes: string) =>
    spawnSync("prlimit", ["--pid", String(child.pid), `--fsize=${bytes}:unlimited`]).status;
  if (limit(String(statSync(path).size)) !== 0) return t.skip("no prlimit here");
  for (let at = 0; at < 5; at++) assert.equal((await fetch(`${address}/healthz?${at}`)).status, 200);
  assert.deepEqual(log().trim().split("\n"), lines, "nothing more could be written");
  limit("unlimited");
  assert.equal((await fetch(`${address}/readyz`)).status, 200);
  while (!log().includes("/readyz")) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(log().split('"/healthz"').length - 1, 5, "what waited is there");
  await ends(child);
});

test("a server whose database file is deleted serves no ghosts: 503, one line in the log, and back with the file", async (t) => {
  const { child, path, until, register, introspect, log } = await aServer(t);
  assert.equal((await register()).status, 201);
  await rename(path, `${path}.away`);
  while ((await introspect()).status !== 503) await new Promise((resolve) => setTimeout(resolve, 50));
  for (const ask of [register, introspect, register]) {
    const response = await ask();
    assert.equal(response.status, 503);
    assert.ok(response.headers.has("retry-after"));
    assert.deepEqual(await response.json(), {
      error: "temporarily_unavailable",
      error_description: `try again in a moment (reference ${response.headers.get("x-request-id")})`,
    });
  }
  const { problems } = await until(503);
  assert.deepEqual(problems, ["the database file was deleted or replaced under the server"]);
  assert.equal(log("nothing is answered from it").length, 1);
  await rename(`${path}.away`, path);
  await until(200);
  assert.equal((await register()).status, 201);
  assert.equal(log("in its place again").length, 1);
  await rm(path);
  await until(503);
  await ends(child);
});

test("serve tells in one line where no database can be made, and ends", { timeout: 30_000 }, async (t) => {
  if (!existsSync("/proc/self")) return t.skip("no /proc here");
  const child = startCommand(["serve"], { ...settings, SQL_URL: "sqlite:/proc/x/y.db" });
  t.after(() => child.kill("SIGKILL"));
  let told = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    told += chunk;
  });
  assert.deepEqual(await once(child, "close"), [1, null]);
  assert.match(told, /^gatehouse: the database \/proc\/x\/y\.db cannot be opened: .*\n$/);
});
