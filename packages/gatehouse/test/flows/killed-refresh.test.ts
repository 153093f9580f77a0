import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { aTestDatabase } from "../support/database.ts";
import { freePort } from "../support/free-port.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { aPublicClient, isActive, refresh, resource, tokensFor } from "../support/oauth-client.ts";

const SECRET_KEY = "a-secret-key-of-two-processes-of-at-least-32-characters";

/**
 * A second process on the database of the first, which ends with the test at the latest. @returns where it
 * listens, and how it ends
 */
async function startProcessToBeKilled(t: TestContext, issuer: string, SQL_URL: string) {
  const child = spawn(process.execPath, [join(import.meta.dirname, "killed-process.ts")], {
    env: {
      BASE_URL: issuer,
      PORT: String(await freePort()),
      HOST: "127.0.0.1",
      SQL_URL,
      SECRET_KEY,
      UPSTREAM_ISSUER: "http://localhost:1",
      OAUTH2_CLIENT_ID: "unused",
      OAUTH2_CLIENT_SECRET: "unused",
      LOG_LEVEL: "error",
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  const ended = once(child, "exit");
  const [url] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  return { url, ended };
}

test("X-n6 a process killed between the commit and the answer of a refresh, retried after two minutes: answered, and one lineage", async (t) => {
  const database = await aTestDatabase();
  const server = await startTestGatehouse({ SQL_URL: database.url, SECRET_KEY });
  t.after(async () => {
    await server.stop();
    database.remove();
  });
  await server.addResource(resource);
  const client = await aPublicClient(server);
  const first = await tokensFor(server, client);
  const { url, ended } = await startProcessToBeKilled(t, server.issuer, database.url);
  const other: TestGatehouse = { ...server, url };
  await assert.rejects(refresh(other, client, first.refresh_token), "the connection breaks");
  assert.deepEqual(await ended, [null, "SIGKILL"]);
  const generationOf = (token: unknown) =>
    Buffer.from(String(token).slice("gatehouse_rt_".length), "base64url").readUInt32BE(16);

  // The other process has the real clock.
  server.clock.advance(Math.ceil(Date.now() / 1000) - server.clock.now() + 120);
  const retried = await refresh(server, client, first.refresh_token);
  assert.equal(retried.status, 200);
  assert.equal(generationOf(retried.body.refresh_token), 3, "generation 2 was committed, and never arrived");
  assert.ok(await isActive(server, String(retried.body.access_token)));
  const after = await refresh(server, client, String(retried.body.refresh_token));
  assert.equal(generationOf(after.body.refresh_token), 4, "and it goes on from there");
  assert.equal((await refresh(server, client, first.refresh_token)).body.error, "invalid_grant");
  assert.equal((await refresh(server, client, String(after.body.refresh_token))).body.error, "invalid_grant");
});
