import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { act, openConsole, signInAtHome } from "../support/console.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { startWithTwoProviders } from "../support/two-providers.ts";
import { UserAgent } from "../support/user-agent.ts";

/* What the console is to whoever is no administrator: nothing. */

let server: TestGatehouse;
before(async () => {
  server = await startTestGatehouse({ ADMINS: "boss@example.com" });
});
after(() => server.stop());

/** All of an answer but what is another one each time. */
async function whole(agent: UserAgent, url: string, init: RequestInit = {}): Promise<string> {
  const response = await agent.request(url, init);
  const id = response.headers.get("x-request-id") ?? "";
  const headers = [...response.headers].filter(([name]) => name !== "date");
  return JSON.stringify([response.status, headers, await response.text()]).replaceAll(id, "REFERENCE");
}

const spellings = [
  "/console",
  "/Console",
  "/console/",
  "/console%2f",
  "/console/people",
  "/console?q=1",
  "//console",
];
const requests: readonly RequestInit[] = [
  {},
  { headers: { accept: "text/html", "accept-language": "de" } },
  { headers: { "x-forwarded-user": "boss@example.com", "x-remote-user": "admin" } },
  { method: "POST", body: new URLSearchParams({ csrf: "x" }) },
  { method: "POST", body: "x".repeat(100_000) },
  { method: "HEAD" },
  { method: "DELETE" },
  { method: "OPTIONS" },
];

async function isNothing(of: Pick<TestGatehouse, "url">, agent: UserAgent): Promise<void> {
  for (const init of requests) {
    const unknown = await whole(agent, `${of.url}/nowhere`, init);
    assert.match(unknown, /^\[404,/);
    for (const path of spellings) assert.equal(await whole(agent, `${of.url}${path}`, init), unknown, path);
  }
}

test("Z30 to a stranger, and to somebody signed in, the console is an unknown path, and without ADMINS to everybody", async (t) => {
  await isNothing(server, new UserAgent());
  await isNothing(server, await signInAtHome(server, "ada"));
  const boss = await signInAtHome(server, "boss");
  assert.equal((await openConsole(server, boss)).response.status, 200);
  for (const path of ["/Console", "/console/", "/console%2f"]) {
    assert.equal((await boss.request(`${server.url}${path}`)).status, 404, `${path}, for administrators too`);
  }
  const without = await startTestGatehouse();
  t.after(() => without.stop());
  await isNothing(without, await signInAtHome(without, "boss"));
});

test("Z-n15 a member of yesterday, one by another provider's address, and one whose session ended find nothing, with the same work as anywhere", async (t) => {
  const boss = await signInAtHome(server, "boss");
  assert.equal((await openConsole(server, boss)).response.status, 200);
  const looked: string[] = [];
  const { findSession } = server.store;
  server.store.findSession = (hash, now, idle) => {
    looked.push("session");
    return findSession(hash, now, idle);
  };
  try {
    const ada = await signInAtHome(server, "ada");
    const work = [];
    for (const path of ["/nowhere", "/console", "/console/people", "/Console"]) {
      looked.length = 0;
      await (await ada.request(`${server.url}${path}`)).text();
      work.push(looked.length);
    }
    assert.deepEqual(work, [1, 1, 1, 1]);
  } finally {
    server.store.findSession = findSession;
  }
  // Judged by the account as it is stored: another address, and the same session is nobody's.
  const [account] = await server.store.findAccounts("boss@example.com");
  assert.ok(account);
  server.upstream.account = { sub: "boss", email: "former-boss@example.com", email_verified: true };
  await new UserAgent().follow(`${server.url}/sign-in/home`);
  await isNothing(server, boss);
  server.upstream.account = { sub: "boss", email: "boss@example.com", email_verified: true };
  await new UserAgent().follow(`${server.url}/sign-in/home`);
  assert.equal((await openConsole(server, boss)).response.status, 200);
  await server.store.blockAccount(account.subject, server.clock.now());
  await isNothing(server, boss);
  await server.store.unblockAccount(account.subject);

  const two = await startWithTwoProviders({ ADMINS: "boss@example.com" });
  t.after(() => two.stop());
  const atWork = new UserAgent();
  two.work.account = { sub: "boss", email: "boss@example.com", email_verified: true };
  await atWork.follow(`${two.url}/sign-in/home?provider=work`);
  assert.equal((await atWork.request(`${two.url}/console`)).status, 200);
  const atHome = new UserAgent();
  two.home.account = { sub: "thief", email: "boss@example.com", email_verified: true };
  await two.store.releaseAddress("boss@example.com");
  await atHome.follow(`${two.url}/sign-in/home?provider=home`);
  assert.match((await atHome.follow(`${two.url}/`)).html, /boss@example\.com/, "signed in all the same");
  await isNothing(two, atHome);
});

test("while the store cannot tell who asks, there is no console, and no other answer either", async () => {
  const boss = await signInAtHome(server, "boss");
  const { findSession } = server.store;
  const { StoreUnavailableError } = await import("../../src/oauth/store.ts");
  server.store.findSession = () => Promise.reject(new StoreUnavailableError("gone"));
  try {
    await isNothing(server, boss);
  } finally {
    server.store.findSession = findSession;
  }
});

test("Z-n16 a development sign-in as an administrator is one on this computer alone", async (t) => {
  const dev = await startTestGatehouse(
    { ADMINS: "boss@example.com", UPSTREAM_ISSUER: "", OAUTH2_CLIENT_ID: "", OAUTH2_CLIENT_SECRET: "" },
    "dev",
  );
  t.after(() => dev.stop());
  const boss = new UserAgent();
  const page = await boss.follow(`${dev.url}/sign-in/home`);
  await boss.submit(page, { email: "boss@example.com" });
  assert.match((await boss.follow(`${dev.url}/`)).html, /href="\/console"/);
  assert.equal((await boss.request(`${dev.url}/console`)).status, 200);
  const port = new URL(dev.url).port;
  for (const headers of [
    { "x-forwarded-for": "192.0.2.1" },
    { via: "1.1 proxy" },
    { "cf-connecting-ip": "192.0.2.1" },
  ]) {
    assert.equal((await boss.request(`${dev.url}/console`, { headers })).status, 404);
    assert.doesNotMatch(await (await boss.request(`${dev.url}/`, { headers })).text(), /href="\/console"/);
    assert.equal((await act(dev, boss, "/people", {}, headers)).response.status, 404);
  }
  assert.ok(port);
});

test("the console's stylesheet is for administrators too, and no cache between may hand it to others", async () => {
  const boss = await signInAtHome(server, "boss");
  const { html } = await openConsole(server, boss);
  const paths = [...html.matchAll(/<link rel="stylesheet" href="([^"]+)">/g)].map(([, path = ""]) => path);
  const kept = new Map<string, string | null>();
  for (const path of paths) {
    const stranger = await fetch(`${server.url}${path}`);
    const { status, headers } = await boss.request(`${server.url}${path}`);
    assert.equal(status, 200, path);
    if (stranger.status === 404) kept.set(path, headers.get("cache-control"));
  }
  assert.deepEqual([...kept.values()], ["private, max-age=31536000, immutable"]);
});
