import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { eventsOf } from "../support/audit-events.ts";
import { aTestDatabase, type TestDatabase } from "../support/database.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  aPublicClient,
  isActive,
  refresh,
  refreshed,
  resource,
  type TestClient,
  tokensFor,
} from "../support/oauth-client.ts";

/*
 * Refresh tokens that come after the replay window, and those that the database knows nothing of: a laptop
 * slept, a backup was restored.
 */

let database: TestDatabase;
let server: TestGatehouse;
let client: TestClient;
before(async () => {
  database = await aTestDatabase();
  server = await startTestGatehouse({ SQL_URL: database.url });
  await server.addResource(resource);
  client = await aPublicClient(server);
});
after(async () => {
  await server?.stop();
  database.remove();
});

const next = (token: string, at = server, of = client) => refreshed(at, of, token);
async function isRefused(token: string, at = server, of = client): Promise<void> {
  const { status, body } = await refresh(at, of, token);
  assert.deepEqual([status, body.error], [400, "invalid_grant"]);
}
const lastEvent = (name: string) => eventsOf(server, name).at(-1) ?? {};
const generationOf = (token: string) =>
  Buffer.from(token.slice("gatehouse_rt_".length), "base64url").readUInt32BE(16);
const day = 86_400;

test("G13 an answer that got lost can be asked for after the replay window too: the live generation moves on by one", async () => {
  const first = await tokensFor(server, client);
  const lost = await next(first.refresh_token);
  server.clock.advance(7 * day - 1);
  const again = await next(first.refresh_token);
  assert.equal(generationOf(again.refresh_token), generationOf(lost.refresh_token) + 1);
  assert.ok(await isActive(server, again.access_token));
  const event = lastEvent("refresh_late");
  assert.equal(event.level, "info");
  assert.equal(event.detail, "generation 2 was never presented and is skipped");
  assert.equal(generationOf((await next(again.refresh_token)).refresh_token), 4, "and goes on from there");
});

test("after LATE_REPLAY the preceding generation ends the grant, as any older one does", async () => {
  const first = await tokensFor(server, client);
  const lost = await next(first.refresh_token);
  server.clock.advance(7 * day);
  await isRefused(first.refresh_token);
  await isRefused(lost.refresh_token);
});

test("LATE_REPLAY=0 ends the grant as soon as the replay window is over", async (t) => {
  const strict = await startTestGatehouse({ LATE_REPLAY: "0" });
  t.after(() => strict.stop());
  await strict.addResource(resource);
  const own = await aPublicClient(strict);
  const first = await tokensFor(strict, own);
  const lost = await next(first.refresh_token, strict, own);
  strict.clock.advance(60);
  await isRefused(first.refresh_token, strict, own);
  await isRefused(lost.refresh_token, strict, own);
});

test("G14 a skipped generation that is presented after all ends the grant and all its tokens", async () => {
  const first = await tokensFor(server, client);
  const skipped = await next(first.refresh_token);
  server.clock.advance(120);
  const again = await next(first.refresh_token);
  const live = await next(again.refresh_token);
  await isRefused(skipped.refresh_token);
  assert.equal(lastEvent("refresh_reused").reason, "skipped");
  assert.equal(lastEvent("refresh_reused").level, "warn");
  await isRefused(live.refresh_token);
  for (const { access_token } of [first, skipped, again, live]) {
    assert.ok(!(await isActive(server, access_token)));
  }
});

test("G15 two late ones at once, and a late one's own retry, get the same live generation", async () => {
  const first = await tokensFor(server, client);
  await next(first.refresh_token);
  server.clock.advance(120);
  const both = await Promise.all([next(first.refresh_token), next(first.refresh_token)]);
  server.clock.advance(59);
  const retried = await next(first.refresh_token);
  for (const { refresh_token } of both) assert.equal(refresh_token, retried.refresh_token);
  assert.equal(generationOf(retried.refresh_token), 3);
  server.clock.advance(1);
  const lateAgain = await next(first.refresh_token);
  assert.equal(generationOf(lateAgain.refresh_token), 4, "lost once more, and past the window once more");
  await next(lateAgain.refresh_token);
});

test("G16 after a backup was restored a token newer than the database moves the grant forward, and the log says so", async () => {
  const first = await tokensFor(server, client);
  const second = await next(first.refresh_token);
  const restore = await database.backUpGrants();
  const third = await next(second.refresh_token);
  const fourth = await next(third.refresh_token);
  await restore();
  const fifth = await next(fourth.refresh_token);
  assert.equal(generationOf(fifth.refresh_token), 5);
  assert.ok(await isActive(server, fifth.access_token));
  const event = lastEvent("refresh_ahead");
  assert.equal(event.level, "warn");
  assert.match(event.detail ?? "", /^generation 4 presented, 2 stored: the database is behind its tokens/);
  assert.equal((await next(fourth.refresh_token)).refresh_token, fifth.refresh_token, "its retry");
  await next(fifth.refresh_token);
  await isRefused(third.refresh_token);
});

test("an answer that got lost before a backup was restored is no reason to sign anybody out either", async () => {
  const first = await tokensFor(server, client);
  const restore = await database.backUpGrants();
  const second = await next(first.refresh_token);
  const lost = await next(second.refresh_token);
  await restore();
  server.clock.advance(3600);
  const again = await next(second.refresh_token);
  assert.equal(again.refresh_token, lost.refresh_token, "the generation that was to come next is live");
  await next(again.refresh_token);
});
