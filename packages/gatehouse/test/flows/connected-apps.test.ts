import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { eventsOf } from "../support/audit-events.ts";
import { aTestDatabase } from "../support/database.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  aPublicClient,
  authorize,
  codeForm,
  introspect,
  openConsentPage,
  redeem,
  refresh,
  resource,
  type TestClient,
  tokensOf,
} from "../support/oauth-client.ts";
import { UserAgent } from "../support/user-agent.ts";

/* The page on which a person sees which apps may act for them, and stops them. */

let server: TestGatehouse;
before(async () => {
  server = await startTestGatehouse();
  await server.addResource(resource, { "notes:read": "Read your notes", "notes:write": "Change your notes" });
});
after(() => server.stop());

/** Somebody in a browser of their own. */
async function aPerson(sub: string): Promise<UserAgent> {
  server.upstream.account = { sub, email: `${sub}@example.com`, email_verified: true };
  return new UserAgent();
}

async function connect(agent: UserAgent, client: TestClient) {
  const end = await authorize(server, client, { agent });
  return tokensOf(await redeem(server, client, end.searchParams.get("code") ?? ""));
}

const homeOf = (agent: UserAgent) => agent.follow(`${server.url}/`);
const grantsOn = (html: string) =>
  [...html.matchAll(/name="grant" value="([^"]+)"/g)].map(([, id = ""]) => id);
const csrfOf = (html: string) =>
  /action="[^"]*\/apps">\s*<input type="hidden" name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? "";

function send(agent: UserAgent, fields: Record<string, string>, headers: Record<string, string> = {}) {
  return agent.request(`${server.url}/apps`, {
    method: "POST",
    body: new URLSearchParams(fields),
    headers: { origin: server.issuer, "sec-fetch-site": "same-origin", ...headers },
  });
}

test("the home page shows each installation with its name, its server and what it may do, the newest first", async () => {
  const agent = await aPerson("ada");
  const empty = await agent.follow(`${server.url}/`);
  assert.deepEqual(grantsOn(empty.html), []);
  await connect(agent, await aPublicClient(server, { client_name: "First app" }));
  server.clock.advance(60);
  await connect(agent, await aPublicClient(server, { client_name: "<b>Second</b> app" }));
  const { html } = await homeOf(agent);
  const [first, second] = [html.indexOf("First app"), html.indexOf("Second")];
  assert.ok(second > 0 && first > second, html);
  assert.ok(!html.includes("<b>Second"), "what it calls itself is escaped");
  assert.match(html, /Read your notes/);
  assert.match(html, /It chose this name itself/);
  assert.ok(html.includes(resource));
  assert.equal(grantsOn(html).length, 2);
});

test("Z22 each installation is shown with what it may do, since when, until when, when it was used last and from where it asked for tokens", async (t) => {
  const database = await aTestDatabase();
  t.after(() => database.remove());
  const first = await startTestGatehouse({ SQL_URL: database.url });
  t.after(() => first.stop());
  await first.addResource(resource, { "notes:read": "Read your notes" });
  const client = await aPublicClient(first, { client_name: "Reader" });
  const agent = new UserAgent();
  const end = await authorize(first, client, { agent, parameters: { scope: "notes:read" } });
  const shown = async () => (await agent.follow(`${first.url}/`)).html.replaceAll("\u202f", " ");
  const minute = new Intl.DateTimeFormat("en", { dateStyle: "long", timeStyle: "short", timeZone: "UTC" });
  const at = (seconds: number) => minute.format(new Date(seconds * 1000)).replaceAll("\u202f", " ");

  // Another instance gives the tokens, and writes down at its end that it was asked about them.
  const second = await startTestGatehouse({
    SQL_URL: database.url,
    UPSTREAM_ISSUER: first.upstream.issuer,
    TRUSTED_PROXIES: "127.0.0.1",
  });
  const form = new URLSearchParams({
    ...codeForm(client, end.searchParams.get("code") ?? ""),
    client_id: client.id,
  });
  const answer = await fetch(`${second.url}/token`, {
    method: "POST",
    body: form,
    headers: { "x-forwarded-for": "198.51.100.7" },
  });
  const { access_token } = (await answer.json()) as { access_token: string };
  const connectedAt = second.clock.now();
  const lastUse = (usedAt: number) =>
    `Last used on ${at(usedAt)} (UTC), its access last renewed from 198.51.100.7.`;
  assert.ok((await shown()).includes(lastUse(connectedAt)));
  second.clock.advance(1500);
  assert.equal((await introspect(second, access_token)).active, true);
  const usedAt = second.clock.now();
  await second.stop();

  const html = await shown();
  assert.ok(html.includes(lastUse(usedAt)), html);
  assert.match(html, /Reader/);
  assert.match(html, /Read your notes/);
  assert.match(html, /Connected on /);
});

test("the consent page leads to it", async () => {
  const agent = await aPerson("leads");
  const { page } = await openConsentPage(server, await aPublicClient(server), agent);
  assert.ok(page.html.includes(`href="${server.issuer}/"`));
});

test("after an app is disconnected its tokens are inactive and its refresh token is refused", async () => {
  const agent = await aPerson("bert");
  const [one, other] = [await aPublicClient(server), await aPublicClient(server)];
  const gone = await connect(agent, one);
  server.clock.advance(1);
  const stays = await connect(agent, other);
  const { html } = await homeOf(agent);
  const [, grant = ""] = grantsOn(html);
  const answer = await send(agent, { csrf: csrfOf(html), act: "disconnect", grant });
  assert.equal(answer.status, 303);
  assert.equal(answer.headers.get("location"), `${server.issuer}/`);
  assert.equal((await introspect(server, gone.access_token)).active, false);
  assert.equal((await refresh(server, one, gone.refresh_token)).body.error, "invalid_grant");
  assert.equal((await introspect(server, stays.access_token)).active, true);
  assert.deepEqual(grantsOn((await homeOf(agent)).html).length, 1);
  const event = eventsOf(server, "app_disconnected").at(-1);
  assert.deepEqual([event?.client, event?.grant], [one.id, grant]);
});

test("all apps are disconnected, and all browsers signed out, after a question that names the number", async () => {
  const agent = await aPerson("cleo");
  const elsewhere = new UserAgent();
  const tokens = [
    await connect(agent, await aPublicClient(server)),
    await connect(elsewhere, await aPublicClient(server)),
  ];
  const { html } = await homeOf(agent);
  const csrf = csrfOf(html);
  const asked = await (await send(agent, { csrf, act: "disconnect_all" })).text();
  assert.match(asked, /Disconnect 2 apps\?/);
  for (const { access_token } of tokens) assert.equal((await introspect(server, access_token)).active, true);
  assert.equal((await send(agent, { csrf, act: "disconnect_all", confirmed: "yes" })).status, 303);
  for (const { access_token } of tokens) assert.equal((await introspect(server, access_token)).active, false);

  const out = await (await send(agent, { csrf, act: "sign_out_everywhere" })).text();
  assert.match(out, /Sign out of 2 browsers\?/);
  assert.match((await homeOf(elsewhere)).html, /cleo@example\.com/);
  const done = await (await send(agent, { csrf, act: "sign_out_everywhere", confirmed: "yes" })).text();
  assert.match(done, /You are signed out/);
  for (const browser of [agent, elsewhere]) {
    assert.doesNotMatch((await homeOf(browser)).html, /cleo@example\.com/);
  }
});

test("Z-n12 nobody disconnects what is not theirs, from elsewhere, by a link, or with an old page; twice is as once", async () => {
  const owner = await aPerson("dora");
  const client = await aPublicClient(server);
  const tokens = await connect(owner, client);
  const { html } = await homeOf(owner);
  const [grant = ""] = grantsOn(html);
  const isAlive = async () => (await introspect(server, tokens.access_token)).active;

  const thief = await aPerson("eve");
  await connect(thief, await aPublicClient(server));
  const theirs = csrfOf((await homeOf(thief)).html);
  const refused = await send(thief, { csrf: theirs, act: "disconnect", grant });
  assert.equal(refused.status, 303, "as if there were none");
  assert.equal(await isAlive(), true);

  const csrf = csrfOf(html);
  for (const [fields, headers] of [
    [
      { csrf, act: "disconnect", grant },
      { origin: "https://evil.example", "sec-fetch-site": "cross-site" },
    ],
    [{ csrf: theirs, act: "disconnect", grant }, {}],
    [{ csrf: "", act: "disconnect", grant }, {}],
    [{ csrf, act: "anything", grant }, {}],
  ] as const) {
    const answer = await send(owner, fields, headers);
    assert.ok(answer.status >= 400 && answer.status < 500, `${answer.status}`);
    assert.equal(await isAlive(), true);
  }
  const link = await owner.request(`${server.url}/apps?csrf=${csrf}&act=disconnect&grant=${grant}`);
  assert.equal(link.status, 405);
  assert.equal(await isAlive(), true);

  const running = refresh(server, client, tokens.refresh_token);
  const [first, second, refreshed] = [
    await send(owner, { csrf, act: "disconnect", grant }),
    await send(owner, { csrf, act: "disconnect", grant }),
    await running,
  ];
  assert.deepEqual([first.status, second.status], [303, 303]);
  assert.equal(await isAlive(), false);
  if (refreshed.status === 200) {
    const later = tokensOf(refreshed);
    assert.equal((await introspect(server, later.access_token)).active, false, "no live descendant");
    assert.equal((await refresh(server, client, later.refresh_token)).body.error, "invalid_grant");
  }
});

test("whoever is not signed in is led to the home page, and nothing happens", async () => {
  const answer = await send(new UserAgent(), { csrf: "x", act: "disconnect_all", confirmed: "yes" });
  assert.equal(answer.status, 303);
  assert.equal(answer.headers.get("location"), `${server.issuer}/`);
});
