import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { createGuard } from "@mcp-gatehouse/resource-server";
import { aDatabase } from "../commands/command-line.ts";
import { linesOf, lockFromProcess, startWithOwnProvider, untilLine } from "../support/failures.ts";
import { freePort } from "../support/free-port.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { aPublicClient, authorizationUrl, resource, type TestClient } from "../support/oauth-client.ts";
import { startPostgres } from "../support/postgres.ts";
import { mountSmallDisk, noSmallDisk } from "../support/small-disk.ts";
import { stepOf, traceOf } from "../support/traces.ts";
import { UserAgent } from "../support/user-agent.ts";

/*
 * What goes wrong in real life: what the person reads, and the one line that whoever runs the server finds
 * under the same reference. docs/troubleshooting.md has them in this order.
 */

async function start(t: TestContext, environment: Record<string, string> = {}) {
  const server = await startTestGatehouse({ BRAND_SUPPORT: "help@example.com", ...environment });
  t.after(() => server.stop());
  await server.addResource(resource);
  return { server, client: await aPublicClient(server) };
}

const atClient = ({ port }: URL) => port === "33418";
const atCallback = ({ pathname }: URL) => pathname === "/callback";

const signIn = (server: TestGatehouse, client: TestClient, agent = new UserAgent()) =>
  agent.follow(authorizationUrl(server, client), atClient);

/** The one line of an event, and that it goes by the reference of the page. */
function theLine(server: TestGatehouse, event: string, html?: string): Record<string, unknown> {
  const lines = linesOf(server, event);
  assert.equal(lines.length, 1, `${event}: ${JSON.stringify(lines)}`);
  const [line = {}] = lines;
  if (html !== undefined) assert.ok(html.includes(`<code>${line.request}</code>`), html);
  return line;
}

test("1 and 2 the provider's clock is ahead, or behind: whose and by how much", async (t) => {
  const staged = await startWithOwnProvider();
  t.after(staged.stop);
  const { server, provider } = staged;
  await server.addResource(resource);
  const client = await aPublicClient(server);
  provider.now.skew = 600;
  const ahead = await signIn(server, client);
  assert.match(ahead.html, /The sign-in service’s clock is 10 minutes ahead of ours/);
  const line = theLine(server, "sign_in_failed", ahead.html);
  assert.deepEqual([line.reason, line.provider], ["clock", "default"]);
  assert.match(
    String(line.detail),
    /iat is .* \d{3} s after this server's clock.*its Date says (?:599|600|601) s ahead of us/,
  );
  provider.now.skew = -7200;
  const behind = await signIn(server, client);
  assert.match(behind.html, /clocks of the sign-in service and this server differ by 2 hours/);
  const other = linesOf(server, "sign_in_failed")[1] ?? {};
  assert.equal(other.reason, "clock");
  assert.match(
    String(other.detail),
    /exp is .*before this server's clock.*its Date says 7(?:199|200|201) s behind us/,
  );
  provider.now.skew = 0;
  assert.match((await signIn(server, client)).html, /name="decision"/, "no restart is needed");
});

test("3 the provider comes back with another key under the same name: nobody notices but the log", async (t) => {
  const staged = await startWithOwnProvider();
  t.after(staged.stop);
  const { server, provider } = staged;
  await server.addResource(resource);
  const client = await aPublicClient(server);
  assert.match((await signIn(server, client)).html, /name="decision"/);
  await provider.restart({ otherKey: true });
  assert.match((await signIn(server, client)).html, /name="decision"/);
  const line = theLine(server, "provider_keys_replaced");
  assert.deepEqual([line.reason, line.provider], ["same kid, other key", "default"]);
  assert.match(String(line.detail), /kid upstream/);
  await provider.restart({ otherKey: true });
  const page = await signIn(server, client);
  assert.match(page.html, /could not prove itself[\s\S]*Try again in 30 seconds/);
  const failed = theLine(server, "sign_in_failed", page.html);
  assert.equal(failed.reason, "signature");
  assert.match(String(failed.detail), /under the kid upstream.*are again from \S+Z on \(30 s, no restart\)/);
  const failure = stepOf(await traceOf(server, String(failed.request), "sign_in_failed"), "sign_in_failed");
  assert.doesNotMatch(failure.received ?? "", /…|\d{9}/, "whole, and without seconds since 1970");
});

test("4 the provider is down at the start: the log says so at once, and it comes back by itself", async (t) => {
  const { server, client } = await start(t, { UPSTREAM_ISSUER: `http://localhost:${await freePort()}` });
  const line = await untilLine(server, "provider_unreachable");
  assert.equal(line.reason, "ECONNREFUSED");
  assert.match(String(line.msg), /nothing listens there: check the port in UPSTREAM_ISSUER/);
  const page = await signIn(server, client);
  assert.match(page.html, /<h1>The sign-in service does not answer<\/h1>/);
  assert.equal(theLine(server, "sign_in_failed", page.html).reason, "the provider does not answer");
});

test("5 the provider does not take our secret any more: only the operator can mend that", async (t) => {
  const { server, client } = await start(t, { OAUTH2_CLIENT_SECRET: "one-that-is-over" });
  const page = await signIn(server, client);
  assert.match(page.html, /<h1>The sign-in service does not accept this server<\/h1>/);
  assert.match(page.html, /Only whoever runs this server can mend that/);
  const line = theLine(server, "sign_in_failed", page.html);
  assert.equal(line.reason, "provider refused our credentials");
  assert.match(String(line.detail), /invalid_client.*check OAUTH2_CLIENT_ID and OAUTH2_CLIENT_SECRET/);
});

test("6 the provider does not know our redirect URI: nobody comes back, and that is told with what was sent", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const staged = await startWithOwnProvider();
  t.after(staged.stop);
  const { server, provider } = staged;
  await server.addResource(resource);
  const client = await aPublicClient(server);
  await provider.restart({ redirectUri: "https://another.example/callback" });
  for (let i = 0; i < 5; i++) {
    const page = await signIn(server, client);
    assert.ok(page.url.href.startsWith(provider.now.issuer), "the provider's own page");
  }
  server.clock.advance(599);
  t.mock.timers.tick(60_000);
  server.clock.advance(1);
  t.mock.timers.tick(60_000);
  const line = await untilLine(server, "sign_in_abandoned");
  assert.equal(line.reason, "no answer from the provider");
  assert.ok(String(line.detail).includes(`the redirect URI ${server.issuer}/callback?`), String(line.detail));
  await provider.restart();
  await signIn(server, client);
  server.clock.advance(600);
  t.mock.timers.tick(60_000);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(linesOf(server, "sign_in_abandoned").length, 1, "somebody came back");
});

test("7, 8 and 9 what the app sent is wrong: which address, which registration, which MCP server", async (t) => {
  const { server, client } = await start(t);
  const page = async (parameters: Record<string, string>, of = client) =>
    (await new UserAgent().follow(authorizationUrl(server, of, parameters), atClient)).html;
  const redirect = await page({ redirect_uri: "https://moved.example/cb2" });
  assert.match(
    redirect,
    /an answer address it never registered: https:\/\/moved\.example\/cb2\. .*nothing was sent there.*add it again, .* If that does not help, whoever runs this server has to register it/,
  );
  const [moved = {}] = linesOf(server, "request_refused");
  assert.deepEqual([moved.reason, moved.redirectUri], ["redirect_uri", "https://moved.example/cb2"]);
  assert.match(String(moved.detail), /registered: http:\/\/127\.0\.0\.1\/callback/);

  await server.addClient({ id: "desk", authMethod: "none", redirectUris: ["http://127.0.0.1/callback"] });
  const ours = await page(
    { redirect_uri: "http://127.0.0.1:1234/oauth/callback" },
    { ...client, id: "desk" },
  );
  assert.match(
    ours,
    /has set up the app, and not for this address: http:\/\/127\.0\.0\.1:1234\/oauth\/callback\. .*add it again does not help/,
  );
  const [, desk = {}] = linesOf(server, "request_refused");
  const [step] = await traceOf(server, String(desk.request), "request_refused");
  assert.equal(step?.facts?.["known by"], "added or vouched for by the operator");

  const stale = await page({}, { ...client, id: "dyn_forgotten" });
  assert.match(stale, /it was not used for long, or this server was set up anew/);
  const [, , gone = {}] = linesOf(server, "request_refused");
  assert.deepEqual([gone.reason, gone.client], ["client unknown", "dyn_forgotten"]);

  const stranger = await aPublicClient(server, { redirect_uris: ["https://stranger.example/cb"] });
  const unknown = await page({ resource: `${resource}/` }, stranger);
  assert.ok(
    unknown.includes(
      `Your app asked for ${resource}/, which this server does not know. It knows ${resource}.`,
    ),
    unknown,
  );
  const [, , , missed = {}] = linesOf(server, "request_refused");
  assert.deepEqual([missed.reason, missed.client], ["resource", stranger.id]);
  assert.equal(missed.detail, `unknown resource ${resource}/; this server knows ${resource}`);
  const { url } = await new UserAgent().follow(
    authorizationUrl(server, client, { resource: "https://notes.example.com/mpc" }),
    atClient,
  );
  assert.match(
    url.searchParams.get("error_description") ?? "",
    new RegExp(`^unknown resource; this server knows ${resource} `),
  );
  assert.doesNotMatch(await page({ resource: "https://elsewhere.example/mcp" }, stranger), /It knows/);
});

test("10 another process has locked the database: a page in time, one line for the outage, and one at its end", async (t) => {
  const database = await aDatabase();
  t.after(database.remove);
  const { server, client } = await start(t, { SQL_URL: `sqlite:${database.path}` });
  const other = await lockFromProcess(database.path);
  const page = await signIn(server, client);
  assert.equal(page.response.status, 503);
  assert.match(
    page.html,
    /<h1>Too busy just now<\/h1>\n<p>Go back and try again in a moment\. Nothing was lost/,
  );
  const line = theLine(server, "store_unavailable", page.html);
  assert.equal(line.reason, "locked by another process for 5 s");
  assert.ok(String(line.detail).startsWith(database.path), String(line.detail));
  if (process.platform === "linux") assert.match(String(line.detail), new RegExp(`; it is ${other.pid} \\(`));
  await other.release();
  assert.match(String((await untilLine(server, "store_back")).detail), /^after \d+ s, 1 requests? refused$/);
  assert.match((await signIn(server, client)).html, /name="decision"/);
});

test("11 PostgreSQL is killed: a page, one line and one stack, and one line when it is back", async (t) => {
  const postgres = await startPostgres();
  t.after(() => postgres.stop());
  const { server, client } = await start(t, { SQL_URL: await postgres.createDatabase() });
  await postgres.goDown();
  const pages = [await signIn(server, client), await signIn(server, client), await signIn(server, client)];
  assert.match(
    pages[0]?.html ?? "",
    /<h1>This server cannot reach its database<\/h1>\n<p>Try again in a minute/,
  );
  const line = theLine(server, "store_unavailable", pages[0]?.html);
  assert.match(String(line.reason), /^connection (?:refused|lost)$/);
  assert.match(String(line.detail), /^postgres:\/\/127\.0\.0\.1:\d+\//);
  const stacks = server.log.filter((text) => text.includes('"stack":')).length;
  assert.ok(stacks <= 1, `${stacks} stacks`);
  server.clock.advance(41);
  await postgres.goUp();
  assert.equal((await untilLine(server, "store_back")).detail, "after 41 s, 3 requests refused");
});

test("12 the disk is full: a page that says who knows of it, and one line with the room that is left", async (t) => {
  const disk = mountSmallDisk(t, 4);
  if (disk === undefined) return t.skip(noSmallDisk);
  const { server, client } = await start(t, { SQL_URL: `sqlite:${disk.folder}/gatehouse.db` });
  const makeRoom = disk.fill();
  let page = await signIn(server, client);
  while (page.response.status < 500) page = await signIn(server, client);
  assert.match(page.html, /<h1>This server cannot store anything now<\/h1>/);
  const line = theLine(server, "store_unavailable", page.html);
  assert.equal(line.reason, "disk full");
  assert.ok(String(line.detail).includes(`; 0 bytes free in ${disk.folder}`), String(line.detail));
  makeRoom();
  await untilLine(server, "store_back");
});

test("13 the server is reached by another address than BASE_URL: page and log name both, once a minute", async (t) => {
  const { server } = await start(t, { BASE_URL: "https://login.example.com", TRUSTED_PROXIES: "loopback" });
  const ask = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${server.url}${path}`, { headers: { accept: "text/html", ...headers } });
  const proxied = { "x-forwarded-for": "203.0.113.7", "x-forwarded-host": "auth.example.com" };
  const other = await (await ask("/sign", proxied)).text();
  assert.match(
    other,
    /sign-in server of https:\/\/login\.example\.com; you came by https:\/\/auth\.example\.com\./,
  );
  const line = theLine(server, "not_found", other);
  assert.equal(line.reason, "host or path differs from BASE_URL");
  assert.match(
    String(line.detail),
    /it came by https:\/\/auth\.example\.com, and BASE_URL is https:\/\/login\.example\.com/,
  );
  const prefixed = await ask("/login/authorize", { ...proxied, "x-forwarded-host": "login.example.com" });
  assert.match(await prefixed.text(), /you came by https:\/\/login\.example\.com\/login\./);
  assert.equal(linesOf(server, "not_found").length, 1, "once a minute");
  server.clock.advance(60);
  await ask("/login/token", { ...proxied, "x-forwarded-host": "login.example.com", accept: "*/*" });
  assert.ok(
    linesOf(server, "not_found").some(({ detail }) =>
      String(detail).includes("came by https://login.example.com/login"),
    ),
  );
  const metadata = "/.well-known/oauth-authorization-server";
  for (const host of ["login.example.com", "auth.example.com", "auth.example.com"]) {
    assert.equal((await ask(metadata, { ...proxied, "x-forwarded-host": host })).status, 200);
  }
  const foreign = server.log.filter((text) => text.includes("an app was sent to"));
  assert.equal(foreign.length, 1, "once");
  assert.match(
    String(foreign),
    /sent to https:\/\/auth\.example\.com to sign in, and BASE_URL is https:\/\/login\.example\.com/,
  );
  const nowhere = await ask("/wp-login.php", {
    "x-forwarded-for": "203.0.113.7",
    "x-forwarded-host": "login.example.com",
  });
  assert.match(await nowhere.text(), /There is nothing here/);
  const untrusted = await start(t, { BASE_URL: "https://login.example.com" });
  const forged = await fetch(`${untrusted.server.url}/x`, { headers: { accept: "text/html", ...proxied } });
  assert.doesNotMatch(await forged.text(), /auth\.example\.com/);
});

test("14 the browser loses its cookies, or it is another browser: each is told as what it is", async (t) => {
  const { server, client } = await start(t);
  const begun = await new UserAgent().follow(authorizationUrl(server, client), atCallback);
  const without = await new UserAgent().follow(begun.url.href, atClient);
  assert.match(
    without.html,
    /did not bring back the cookie of this sign-in<\/h1>\n<p>Allow cookies for localhost, or begin again in the same browser[^<]*such as a proxy, may drop them/,
  );
  const lost = theLine(server, "request_refused", without.html);
  assert.equal(lost.reason, "no cookie for this attempt");
  assert.match(String(lost.detail), /no cookie of any attempt/);
  const another = new UserAgent();
  await another.follow(authorizationUrl(server, client), atCallback);
  const elsewhere = await another.follow(begun.url.href, atClient);
  assert.match(elsewhere.html, /<h1>This sign-in belongs to another browser<\/h1>/);
  assert.match(String(linesOf(server, "request_refused")[1]?.detail), /the cookie of another attempt/);
});

test("15, 16 and 17 the account is not welcome, its address not proven, or the person cancelled", async (t) => {
  const { server, client } = await start(t, { ALLOWED_DOMAINS: "example.com" });
  const alice = { sub: "alice", email: "alice@example.com", email_verified: true };
  server.upstream.account = { ...alice, email: "ada@gmail.com" };
  const foreign = await signIn(server, client);
  assert.match(foreign.html, /You signed in as ada@gmail\.com; only people of example\.com may\./);
  server.upstream.account = { ...alice, email_verified: false };
  const unproven = await signIn(server, client);
  const [domain = {}, address = {}] = linesOf(server, "sign_in_denied");
  assert.deepEqual([domain.reason, domain.account], ["domain", "ada@gmail.com"]);
  assert.match(String(domain.detail), /domain is "gmail\.com", not one of ALLOWED_DOMAINS \(example\.com\)/);
  assert.equal(address.reason, "address not proven");
  assert.match(String(address.detail), /email_verified is false/);
  assert.match(unproven.html, /has not confirmed alice@example\.com\. Confirm it there, then try again/);
  Object.assign(server.upstream, { account: alice, decision: "cancel" });
  const cancelled = await signIn(server, client);
  assert.match(
    cancelled.html,
    /You cancelled at [^<]*, or it does not let you in\. Nothing was given to the app/,
  );
  assert.match(cancelled.html, />Try again<[\s\S]*>Go back to the app</);
  const line = theLine(server, "sign_in_cancelled", cancelled.html);
  assert.equal(line.level, "info");
  assert.match(String(line.detail), /access_denied/);

  for (const [error, words, pattern] of [
    [
      "access_denied",
      "user anna is not assigned to this application",
      /does not let this account in here\. Ask to be assigned/,
    ],
    [
      "interaction_required",
      "AADSTS50105: The signed in user is not assigned to a role",
      /does not let this account in here\. Ask to be assigned/,
    ],
    [
      "access_denied",
      "The resource owner or authorization server denied the request",
      /You cancelled at [^<]*, or it does not/,
    ],
    ["access_denied", "User did not authorize the request", /You cancelled at [^<]*, or it does not/],
  ] as const) {
    const agent = new UserAgent();
    const { url } = await agent.follow(authorizationUrl(server, client), atCallback);
    const answer = new URL(url);
    answer.search = new URLSearchParams({
      ...{ state: url.searchParams.get("state") ?? "", iss: server.upstream.issuer },
      ...{ error, error_description: words },
    }).toString();
    const page = await agent.follow(answer.href, atClient);
    assert.match(page.html, pattern);
    assert.ok(!page.html.includes(words), "what it says in words is for log and trace");
  }
  const turned = linesOf(server, "sign_in_cancelled")[1] ?? {};
  assert.equal(turned.reason, "turned away by the provider");
  assert.match(String(turned.detail), /user anna is not assigned/);
});

test("18 the sign-in took too long, which is another thing than one that was answered", async (t) => {
  const { server, client } = await start(t);
  const agent = new UserAgent();
  const slow = await agent.follow(authorizationUrl(server, client), atCallback);
  server.clock.advance(840);
  const late = await agent.follow(slow.url.href, atClient);
  assert.match(
    late.html,
    /It was begun 14 minutes ago and is good for 10 minutes\. Start it again in the app/,
  );
  const line = theLine(server, "attempt_expired", late.html);
  assert.match(String(line.detail), /begun 840 s ago, good for 600 s/);
  const quick = await agent.follow(authorizationUrl(server, client), atCallback);
  const kept = [...agent.cookiesOf(server.url)];
  const consent = await agent.follow(quick.url.href, atClient);
  for (const [name, value] of kept) agent.setCookie(server.url, name, value);
  const again = await agent.follow(quick.url.href, atClient);
  assert.match(again.html, /It was already answered in this browser/);
  assert.equal(linesOf(server, "request_refused").at(-1)?.reason, "already answered");
  assert.match(consent.html, /name="decision"/);
});

test("19 too many requests: the page waits and goes on by itself, the log says whether the proxy is believed", async (t) => {
  const { server } = await start(t, { RATE_LIMITS: "on" });
  const ask = () => fetch(`${server.url}/consent`, { headers: { "x-forwarded-for": "203.0.113.7" } });
  let answer = await ask();
  while (answer.status !== 429) {
    await answer.body?.cancel();
    answer = await ask();
  }
  const wait = answer.headers.get("retry-after");
  assert.equal(answer.headers.get("refresh"), wait);
  const html = await answer.text();
  assert.match(
    html,
    new RegExp(`It goes on by itself in (?:${wait} seconds?|1 minute): leave this page open`),
  );
  const line = theLine(server, "limit_reached", html);
  assert.equal(line.reason, "sign-in");
  assert.match(
    String(line.detail),
    /300 a minute from one address.*the next in \d+ s; its X-Forwarded-For is ignored: TRUSTED_PROXIES/,
  );
});

test("20 the MCP server's credential is wrong: its answer and both logs share a reference", async (t) => {
  const { server } = await start(t);
  const failures: string[] = [];
  const guard = createGuard({
    issuer: server.issuer,
    resource,
    credential: `gatehouse_rs_${"x".repeat(43)}`,
    onFailure: ({ message }) => failures.push(message),
  });
  const request = { method: "POST", url: "/mcp", authorization: [`Bearer gatehouse_at_${"y".repeat(60)}`] };
  const verdict = await guard.check(request);
  assert.ok(!verdict.ok);
  assert.equal(verdict.answer.status, 503);
  const line = theLine(server, "introspection_refused");
  assert.equal(line.detail, "no such credential");
  assert.ok(
    verdict.answer.body?.includes(
      `The MCP server is set up wrongly; its operator must act (reference ${line.request}).`,
    ),
    verdict.answer.body,
  );
  assert.match(
    failures.join(),
    new RegExp(`refuses this server's credential \\(reference ${line.request}\\)`),
  );
});
