import assert from "node:assert/strict";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Client } from "pg";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { aPublicClient, isActive, refresh, resource, tokensFor } from "../support/oauth-client.ts";
import { startPostgres } from "../support/postgres.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";

/* A database that is older than the tokens that were made: what becomes of each of them. */

/** One provider for all servers: with another, the same address would be somebody else's. */
let upstream: Upstream;
before(async () => {
  upstream = await startUpstream({ anyPort: true });
});
after(() => upstream?.close());

async function on<T>(url: string, use: (server: TestGatehouse) => Promise<T>): Promise<T> {
  const server = await startTestGatehouse({ SQL_URL: url, UPSTREAM_ISSUER: upstream.issuer });
  try {
    return await use(server);
  } finally {
    await server.stop();
  }
}

async function signIn(server: TestGatehouse) {
  const client = await aPublicClient(server);
  return { client, tokens: await tokensFor(server, client) };
}

/** @param goBack makes the state before `meanwhile` and gives its URL */
async function isLossless(url: string, goBack: (meanwhile: () => Promise<void>) => Promise<string>) {
  const before = await on(url, async (server) => {
    await server.addResource(resource);
    return { used: await signIn(server), resting: await signIn(server) };
  });
  const { used, resting } = before;
  let newest = used.tokens;
  let newer: typeof used | undefined;
  const earlier = await goBack(() =>
    on(url, async (server) => {
      for (const _ of [1, 2, 3]) {
        const answer = await refresh(server, used.client, newest.refresh_token);
        assert.equal(answer.status, 200);
        newest = answer.body as unknown as typeof newest;
      }
      newer = await signIn(server);
    }),
  );
  await on(earlier, async (server) => {
    assert.equal(await isActive(server, newest.access_token), true, "sealed: its grant is in the backup");
    const moved = await refresh(server, used.client, newest.refresh_token);
    assert.equal(moved.status, 200, "a grant that was refreshed since moves forward");
    assert.equal(await isActive(server, String(moved.body.access_token)), true);
    assert.match(server.log.join(""), /refresh_ahead/);
    assert.ok(newer);
    const { client, tokens } = newer;
    assert.equal(await isActive(server, tokens.access_token), false, "unknown, as its grant is");
    assert.equal((await refresh(server, client, tokens.refresh_token)).body.error, "invalid_client");
    assert.equal((await refresh(server, resting.client, resting.tokens.refresh_token)).status, 200);
    const { refresh_token: live } = moved.body;
    assert.equal((await refresh(server, used.client, String(live))).status, 200, "nobody was revoked");
    assert.doesNotMatch(server.log.join(""), /refresh_reused/);
  });
}

test("X17 with a restored backup what is newer than it moves forward or is unknown, and nobody else is signed out", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-restored-"));
  t.after(() => rm(folder, { recursive: true }));
  const [path, backup] = [join(folder, "gatehouse.db"), join(folder, "backup.db")];
  await isLossless(`sqlite:${path}`, async (meanwhile) => {
    await copyFile(path, backup);
    await meanwhile();
    for (const name of ["", "-wal", "-shm"]) await rm(path + name, { force: true });
    await copyFile(backup, path);
    return `sqlite:${path}`;
  });
});

test("X18 a promoted replica that lags behind does the same", async (t) => {
  const postgres = await startPostgres();
  t.after(() => postgres.stop());
  const primary = await postgres.createDatabase();
  await isLossless(primary, async (meanwhile) => {
    const connection = new Client({ connectionString: postgres.url });
    await connection.connect();
    await connection.query(`create database replica template ${new URL(primary).pathname.slice(1)}`);
    await connection.end();
    await meanwhile();
    return postgres.url.replace(/postgres$/, "replica");
  });
});
