import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { startTestGatehouse } from "../support/gatehouse.ts";
import {
  aPublicClient,
  authorizationUrl,
  introspect,
  openConsentPage,
  post,
  refresh,
  resource,
  tokensFor,
} from "../support/oauth-client.ts";
import type { UserAgent } from "../support/user-agent.ts";

/*
 * `oidc-provider` tells the server that somebody signed out there. Two servers of one database, each with a
 * provider of its own, which calls its people the same.
 */

const folder = await mkdtemp(join(tmpdir(), "gatehouse-logout-"));
const SQL_URL = `sqlite:${join(folder, "gatehouse.db")}`;

const server = await startTestGatehouse({ SQL_URL });
const other = await startTestGatehouse({ SQL_URL });
const provider = server.upstream;
await server.addResource(resource);
const client = await aPublicClient(server);
after(async () => {
  for (const each of [server, other]) await each.stop();
  await rm(folder, { recursive: true });
});

const alice = { sub: "alice", email: "alice@example.com", email_verified: true };
const bob = { sub: "bob", email: "bob@example.com", email_verified: true };

/** A browser that somebody is signed in with, and the provider's name for that. */
async function aBrowser(account = alice, at = server) {
  at.upstream.account = account;
  const { agent } = await openConsentPage(at, client);
  return { agent, sid: at.upstream.sids.at(-1) ?? assert.fail() };
}

/** Whether who comes with this browser is asked to consent without signing in anew. */
async function isSignedIn(agent: UserAgent, at = server): Promise<boolean> {
  const { headers } = await agent.request(authorizationUrl(at, client));
  return new URL(headers.get("location") ?? "", at.url).pathname === "/consent";
}

const tell = (token: string, at = server) => post(at, "/backchannel-logout/default", { logout_token: token });

test("V54 the provider's logout ends the browser session it names, and grants stay", async () => {
  const [first, second, bobs] = [await aBrowser(), await aBrowser(), await aBrowser(bob)];
  provider.account = alice;
  const tokens = await tokensFor(server, client);
  await provider.signOut("alice", first.sid);
  assert.equal(await isSignedIn(first.agent), false);
  assert.equal(await isSignedIn(second.agent), true);
  assert.equal(await isSignedIn(bobs.agent), true);
  assert.equal((await introspect(server, tokens.access_token)).active, true);
  assert.equal((await refresh(server, client, tokens.refresh_token)).status, 200);
  assert.ok(server.log.some((line) => /provider_logout.*1 sessions and 0 grants ended/.test(line)));
});

test("V53 a logout token acts once, is answered without a trace in any cache, and names nobody who is not there", async () => {
  const { agent, sid } = await aBrowser();
  await provider.signOut("alice", "a session that never was"); // 200, which the provider insists on
  assert.equal(await isSignedIn(agent), true);
  await provider.signOut("alice", sid);
  const token = provider.logoutTokens.at(-1) ?? assert.fail();
  const again = await tell(token);
  assert.deepEqual([again.status, again.body.error], [400, "invalid_request"]);
  assert.equal(again.headers.get("cache-control"), "no-store");
  const fresh = await aBrowser();
  assert.equal((await tell(token)).status, 400);
  assert.equal(await isSignedIn(fresh.agent), true);
  for (const form of [{}, { logout_token: "garbage" }, { logout_token: [token, token] }]) {
    const { status, headers } = await post(server, "/backchannel-logout/default", form);
    assert.deepEqual([status, headers.get("cache-control")], [400, "no-store"]);
  }
  assert.equal((await post(server, "/backchannel-logout/nobody", { logout_token: token })).status, 404);
  const answer = await fetch(`${server.url}/backchannel-logout/default?logout_token=${token}`);
  assert.equal(answer.status, 405);
});

test("V-n24 a logout token that comes to several instances at once acts at one of them", async () => {
  const third = await startTestGatehouse({
    SQL_URL,
    BASE_URL: server.issuer,
    UPSTREAM_ISSUER: provider.issuer,
    OAUTH2_CLIENT_ID: provider.clientId,
    OAUTH2_CLIENT_SECRET: provider.clientSecret,
  });
  try {
    const { agent, sid: theirs } = await aBrowser();
    provider.deliversLogout = false; // caught on its way
    await provider.signOut("alice", theirs);
    const token = provider.logoutTokens.at(-1) ?? assert.fail();
    const answers = await Promise.all([server, third, server, third].map((at) => tell(token, at)));
    const statuses = answers.map(({ status }) => status).toSorted();
    assert.deepEqual(statuses, [200, 400, 400, 400]);
    assert.equal(await isSignedIn(agent), false);
  } finally {
    provider.deliversLogout = true;
    await third.stop();
  }
});

test("V-n26 a provider's logout never reaches people of another, though it calls them and their sessions the same", async () => {
  const { agent, sid } = await aBrowser();
  const theirs = await aBrowser(alice, other);
  await other.upstream.signOut("alice", sid);
  assert.equal(await isSignedIn(agent), true);
  const token = other.upstream.logoutTokens.at(-1) ?? assert.fail();
  assert.equal((await tell(token)).status, 400, "nor is it taken at this one's endpoint");
  assert.equal(await isSignedIn(agent), true);
  await other.upstream.signOut("alice", theirs.sid);
  assert.equal(await isSignedIn(theirs.agent, other), false);
  assert.equal(await isSignedIn(agent), true);
});
