import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { untilPrinted } from "../commands/command-line.ts";
import { embedded, onPostgres, type TestDatabase } from "../support/database.ts";
import { freePort } from "../support/free-port.ts";
import {
  aPublicClient,
  isActive,
  openConsentPage,
  post,
  redeem,
  refreshed,
  resource,
  type Server,
  type TestClient,
  tokensOf,
} from "../support/oauth-client.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";
import { startUpstream } from "../support/upstream.ts";
import { type Balancer, startBalancer } from "./balancer.ts";
import { type PreviousRelease, unpackPreviousRelease } from "./previous-release.ts";

/*
 * Two instances of the previous release on one database become two of this one, one after the other, while
 * apps sign people in, refresh, revoke and are asked about. See previous-release/README.md.
 */

const presentCommand = join(import.meta.dirname, "../../bin/gatehouse.js");
const INTROSPECTION_TOKEN = "the-operators-introspection-token";

let previous: PreviousRelease;
let postgres: Postgres;
before(async () => {
  previous = unpackPreviousRelease();
  postgres = await startPostgres();
});
after(async () => {
  previous?.remove();
  await postgres?.stop();
});

test("Y28 the previous release and this one serve beside each other on one upgraded database, and a rolling restart fails no request", async (t) => {
  if (process.platform === "win32") return t.skip("no process is told to stop there");
  const databases: [name: string, database: TestDatabase][] = [
    ["embedded", embedded()],
    ["PostgreSQL", onPostgres(await postgres.createDatabase())],
  ];
  for (const [name, database] of databases) await t.test(name, (t) => rollOut(t, database));
});

async function rollOut(t: TestContext, database: TestDatabase) {
  t.after(() => database.remove());
  const balancer = await startBalancer();
  t.after(() => balancer.close());
  const upstream = await startUpstream({ redirectUris: [`${balancer.url}/callback`] });
  t.after(() => upstream.close());
  const settings = {
    BASE_URL: balancer.url,
    HOST: "127.0.0.1",
    SQL_URL: database.url,
    SECRET_KEY: "a secret key of four processes of at least 32 characters",
    UPSTREAM_ISSUER: upstream.issuer,
    OAUTH2_CLIENT_ID: upstream.clientId,
    OAUTH2_CLIENT_SECRET: upstream.clientSecret,
    INTROSPECTION_TOKEN,
    RATE_LIMITS: "off",
  };
  const start = (command: string, sharedTokens: "on" | "off") =>
    startInstance(t, balancer, command, { ...settings, SHARED_TOKENS: sharedTokens });

  const old = [await start(previous.command, "on"), await start(previous.command, "on")] as const;
  const added = spawn(process.execPath, [previous.command, "resources", "add", resource], { env: settings });
  assert.deepEqual(await once(added, "exit"), [0, null]);

  const load = startLoad({ url: balancer.url, introspectionToken: INTROSPECTION_TOKEN });
  await load.rounds();
  await old[0].leave();
  const mixed = await start(presentCommand, "on");
  await load.rounds();
  await old[1].leave();
  const second = await start(presentCommand, "on");
  await load.rounds();
  // All are of this version: access tokens need no rows any more.
  await mixed.leave();
  const third = await start(presentCommand, "off");
  await load.rounds();
  await second.leave();
  await load.rounds();
  await load.end();
  await third.leave();
}

interface Instance {
  /** Leaves the rotation, is told to stop, and ends as it should with what it was asked before answered. */
  leave(): Promise<void>;
}

async function startInstance(
  t: TestContext,
  balancer: Balancer,
  command: string,
  environment: Record<string, string>,
): Promise<Instance> {
  const port = await freePort();
  const child: ChildProcess = spawn(process.execPath, [command, "serve"], {
    env: { ...environment, PORT: String(port) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  t.after(() => child.kill("SIGKILL"));
  const ended = once(child, "exit");
  await untilPrinted(child, /listening/);
  balancer.add(port);
  return {
    async leave() {
      await balancer.remove(port);
      child.kill("SIGTERM");
      assert.deepEqual(await ended, [0, null]);
    },
  };
}

/** Apps that do without a pause what apps do, each request at whichever instance has its turn. */
function startLoad(server: Server) {
  let ends = false;
  const done = [0, 0];
  const apps = done.map(async (_, app) => {
    while (!ends) {
      await useOnce(server);
      done[app] = (done[app] ?? 0) + 1;
    }
  });
  const all = Promise.all(apps);
  all.catch(() => undefined); // told by the next who waits
  return {
    /** Returns when each app has begun and ended a round since. */
    async rounds() {
      const wanted = done.map((count) => count + 2);
      while (done.some((count, app) => count < (wanted[app] ?? 0))) {
        await Promise.race([all, new Promise((resolve) => setTimeout(resolve, 20))]);
      }
    },
    async end() {
      ends = true;
      await all;
    },
  };
}

/** A person signs in, the app refreshes some times and signs out; every answer is as it should be. */
async function useOnce(server: Server) {
  const client = await aPublicClient(server);
  let tokens = tokensOf(await redeem(server, client, await approvedCode(server, client)));
  assert.equal(await isActive(server, tokens.access_token), true);
  for (const _ of [1, 2]) {
    const next = await refreshed(server, client, tokens.refresh_token);
    // Both instances know both.
    for (const token of [next.access_token, next.access_token, tokens.access_token]) {
      assert.equal(await isActive(server, token), true);
    }
    tokens = next;
  }
  const revoked = await post(server, "/revoke", { token: tokens.refresh_token, client_id: client.id });
  assert.equal(revoked.status, 200);
  for (const _ of [1, 2]) assert.equal(await isActive(server, tokens.access_token), false);
}

/**
 * A person signs in and approves. What one version shows, and another no longer or not yet does, is asked
 * again: a decision counts only for what was seen.
 */
async function approvedCode(server: Server, client: TestClient): Promise<string> {
  const isCallback = (url: URL) => url.href.startsWith(client.redirectUri);
  let { agent, page } = await openConsentPage(server, client);
  for (let clicks = 0; clicks < 100 && !isCallback(page.url); clicks++) {
    page = await agent.submit(page, { decision: "approve" }, isCallback);
  }
  const code = page.url.searchParams.get("code");
  assert.ok(code, `${page.url.href} ${page.html}`);
  return code;
}
