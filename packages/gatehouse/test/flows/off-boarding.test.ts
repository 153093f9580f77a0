import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { runCommand } from "../commands/command-line.ts";
import { startTestGatehouse } from "../support/gatehouse.ts";
import {
  aCode,
  aPublicClient,
  authorizationUrl,
  introspect,
  openConsentPage,
  redeem,
  refresh,
  resource,
  tokensFor,
} from "../support/oauth-client.ts";
import { UserAgent } from "../support/user-agent.ts";

/* Servers of one database, and the command that ends a person's access, in a process of its own. */

const folder = await mkdtemp(join(tmpdir(), "gatehouse-off-boarding-"));
const SQL_URL = `sqlite:${join(folder, "gatehouse.db")}`;
const server = await startTestGatehouse({ SQL_URL });
const { issuer: UPSTREAM_ISSUER } = server.upstream;
const others = [
  await startTestGatehouse({ SQL_URL, UPSTREAM_ISSUER }),
  await startTestGatehouse({ SQL_URL, UPSTREAM_ISSUER }),
];
const all = [server, ...others];
const credential = await server.addResource(resource);
const client = await aPublicClient(server);
after(async () => {
  for (const each of all) await each.stop();
  await rm(folder, { recursive: true });
});

const people = async (...args: string[]) => {
  const outcome = await runCommand(["people", ...args], { SQL_URL });
  assert.equal(outcome.code, 0, outcome.err);
  return outcome.err;
};

const isCallback = (url: URL) => url.href.startsWith(client.redirectUri);
const alice = { sub: "alice", email: "alice@example.com", email_verified: true };
const bob = { sub: "bob", email: "bob@example.com", email_verified: true };

test("V58 a blocked person's sessions, grants and tokens end at once at every instance, and they sign in again only when unblocked", async () => {
  server.upstream.account = alice;
  const agent = new UserAgent();
  const { page } = await openConsentPage(server, client, agent);
  await agent.submit(page, { decision: "approve" }, isCallback);
  const tokens = await tokensFor(server, client);
  server.upstream.account = bob;
  const bobs = await tokensFor(server, client);
  for (const each of all) assert.equal((await introspect(each, tokens.access_token)).active, true);

  assert.match(
    await people("block", alice.email, "--yes"),
    /Ended, with every token: 2 sessions, 1 unused code, 1 grant/,
  );
  for (const each of all) {
    for (const known of [credential, undefined]) {
      assert.deepEqual(await introspect(each, tokens.access_token, known), { active: false });
    }
    const refused = await refresh(each, client, tokens.refresh_token);
    assert.deepEqual([refused.status, refused.body.error], [400, "invalid_grant"]);
    assert.equal((await introspect(each, bobs.access_token)).active, true, "nobody else's");
  }
  // Without a session the browser is sent to the provider, as anybody's is.
  const first = await agent.request(authorizationUrl(server, client));
  assert.ok(first.headers.get("location")?.startsWith(server.upstream.issuer));
  server.upstream.account = alice;
  const told = server.log.length;
  const end = await agent.follow(authorizationUrl(server, client), isCallback);
  assert.equal(end.response.status, 403, "a page that says so, before the client hears of it");
  const line = server.log.slice(told).find((each) => each.includes("sign_in_denied")) ?? "";
  assert.match(line, /"error":"access_denied".*the operator has blocked user_/);
  assert.match(line, /"account":"alice@example\.com"/);
  assert.equal(agent.cookiesOf(server.issuer).has("gatehouse-session"), true, "the one that ended");
  const [person] = await server.store.findAccounts(alice.email);
  assert.deepEqual(await server.store.findHoldings(person?.subject ?? assert.fail(), server.clock.now()), {
    sessions: 0,
    grants: [],
  });

  await people("unblock", alice.email);
  const fresh = await tokensFor(server, client);
  assert.equal((await introspect(server, fresh.access_token)).active, true);
  assert.equal((await introspect(server, tokens.access_token)).active, false, "what ended stays ended");
});

test("V-n30 a blocked person's open consent page, unredeemed code and refresh are worth nothing at any instance", async () => {
  server.upstream.account = alice;
  const tokens = await tokensFor(server, client);
  const code = await aCode(server, client);
  const { agent, page } = await openConsentPage(server, client);
  // Signed in before the block, back from the provider after it.
  const late = new UserAgent();
  const atProvider = await late.request(authorizationUrl(server, client));
  const callback = await late.follow(atProvider.headers.get("location") ?? "", ({ href }) =>
    href.startsWith(`${server.issuer}/callback`),
  );
  await people("block", alice.email, "--yes");

  const decided = await agent.submit(page, { decision: "approve" }, isCallback);
  assert.equal(decided.response.status, 400, "a page, and no code");
  const back = await late.follow(callback.url.href, isCallback);
  assert.equal(back.response.status, 403);
  assert.doesNotMatch(back.html, /value="approve"/);
  for (const each of all) {
    const answers = [await redeem(each, client, code), await refresh(each, client, tokens.refresh_token)];
    for (const { status, body } of answers) assert.deepEqual([status, body.error], [400, "invalid_grant"]);
    assert.equal((await introspect(each, tokens.access_token)).active, false);
  }
  await people("unblock", alice.email);
  const { status } = await redeem(server, client, code);
  assert.equal(status, 400, "a code that ended stays ended");
});
