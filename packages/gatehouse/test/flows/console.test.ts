import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { eventsOf } from "../support/audit-events.ts";
import { act, isAgain, openConsole, signInAgain, signInAtHome } from "../support/console.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { aPublicClient, authorize, introspect, redeem, resource, tokensOf } from "../support/oauth-client.ts";
import { type Arrival, UserAgent } from "../support/user-agent.ts";

/* The console, as administrators use it. Who else asks for it: console-hidden.test.ts. */

let server: TestGatehouse;
before(async () => {
  server = await startTestGatehouse({ ADMINS: "Boss@example.com, chief@example.com" });
  server.upstream.signedInAt = () => server.clock.now();
  await server.addResource(resource, { "notes:read": "Read your notes" });
});
after(() => server.stop());

/** Somebody with an app that may act for them. */
async function somebody(sub: string) {
  const agent = new UserAgent();
  server.upstream.account = { sub, email: `${sub}@example.com`, email_verified: true };
  const client = await aPublicClient(server, { client_name: `App of ${sub}` });
  const end = await authorize(server, client, { agent });
  const tokens = tokensOf(await redeem(server, client, end.searchParams.get("code") ?? ""));
  const [account] = await server.store.findAccounts(`${sub}@example.com`);
  return { agent, tokens, subject: account?.subject ?? assert.fail("no account") };
}

async function anAdministrator(sub = "boss"): Promise<UserAgent> {
  const agent = await signInAtHome(server, sub);
  await openConsole(server, agent);
  return agent;
}

const isActive = async (token: string) => (await introspect(server, token)).active;

test("an administrator signs in on the home page, where the link stands, and sees how much there is", async () => {
  const agent = await signInAtHome(server, "boss");
  const home = await agent.follow(`${server.url}/`);
  assert.match(home.html, /boss@example\.com/);
  assert.match(home.html, /href="\/console"/);
  const page = await openConsole(server, agent);
  assert.equal(page.response.status, 200);
  assert.match(page.html, /<h1>Overview<\/h1>/);
  const [account] = await server.store.findAccounts("boss@example.com");
  assert.equal(eventsOf(server, "console_entered").at(-1)?.actor, `operator ${account?.subject}`);
  assert.match(page.html, /Gatehouse \d+\.\d+/);
  assert.match(page.html, /Database<\/strong> <span class="state ok">in order/);
  const other = await signInAtHome(server, "ada");
  assert.doesNotMatch((await other.follow(`${server.url}/`)).html, /console/);
});

test("people are found by the beginning of their address, and shown with what lives of theirs", async () => {
  const agent = await anAdministrator();
  const { subject } = await somebody("grace");
  const found = await openConsole(server, agent, "/people?q=GRA");
  assert.match(found.html, /grace@example\.com/);
  assert.doesNotMatch(found.html, /<a href="[^"]*">\s*<bdi>boss@/);
  const { html } = await openConsole(server, agent, `/person?subject=${subject}`);
  assert.match(html, /App of grace/);
  assert.match(html, /Read your notes/);
  const gone = await openConsole(server, agent, "/person?subject=user_nobody");
  assert.match(gone.html, /not there any more/);
});

test("a person is blocked, unblocked and removed, each after a question that names the number, and each is told", async () => {
  const agent = await anAdministrator();
  const { subject, tokens } = await somebody("hedy");
  const asked = await act(server, agent, "/person", { subject, act: "block" });
  assert.match(asked.html, /This ends 1 browser session and 1 app\./);
  assert.equal(await isActive(tokens.access_token), true, "nothing is done by the question");

  const blocked = await act(server, agent, "/person", { subject, act: "block", confirmed: "yes" });
  assert.match(blocked.html, /Blocked since/);
  assert.equal(await isActive(tokens.access_token), false);
  const event = eventsOf(server, "person_blocked").at(-1);
  assert.equal(event?.subject, subject);
  const [boss] = await server.store.findAccounts("boss@example.com");
  assert.equal(event?.actor, `operator ${boss?.subject}`);

  const unblocked = await act(server, agent, "/person", { subject, act: "unblock" });
  assert.doesNotMatch(unblocked.html, /Blocked since/);
  await act(server, agent, "/person", { subject, act: "remove_person" });
  assert.ok(await server.store.findAccount(subject));
  await act(server, agent, "/person", { subject, act: "remove_person", confirmed: "yes" });
  assert.equal(await server.store.findAccount(subject), undefined);
  assert.equal(eventsOf(server, "person_removed").at(-1)?.subject, subject);
});

test("an address is released for another person, after a question, and whoever had it stays who they are", async () => {
  const agent = await anAdministrator();
  const { subject, tokens } = await somebody("nina");
  const asked = await act(server, agent, "/person", { subject, act: "release" });
  assert.match(asked.html, /Release <bdi>nina@example\.com<\/bdi>\?/);
  assert.equal(await isActive(tokens.access_token), true);
  await act(server, agent, "/person", { subject, act: "release", confirmed: "yes" });
  assert.equal(await isActive(tokens.access_token), false);
  assert.equal((await server.store.findAccount(subject))?.email, "");
  assert.equal(eventsOf(server, "address_released").at(-1)?.subject, subject);
});

test("one app is disconnected, or all of them, and nobody else's", async () => {
  const agent = await anAdministrator();
  const { subject, tokens } = await somebody("ida");
  const other = await somebody("joan");
  const [grant] = (await server.store.findHoldings(other.subject, server.clock.now())).grants;
  await act(server, agent, "/person", { subject, act: "disconnect", grant: grant?.id ?? "" });
  assert.equal(await isActive(other.tokens.access_token), true, "a grant of somebody else's");
  await act(server, agent, "/person", { subject: other.subject, act: "disconnect", grant: grant?.id ?? "" });
  assert.equal(await isActive(other.tokens.access_token), false);
  const question = await act(server, agent, "/person", { subject, act: "disconnect_all" });
  assert.match(question.html, /This ends 1 app\./);
  await act(server, agent, "/person", { subject, act: "disconnect_all", confirmed: "yes" });
  assert.equal(await isActive(tokens.access_token), false);
  assert.equal(eventsOf(server, "person_disconnected").at(-1)?.subject, subject);
});

test("a form of another site, an old one, or one of another session changes nothing", async () => {
  const agent = await anAdministrator();
  const other = await anAdministrator("chief");
  const { subject, tokens } = await somebody("kay");
  const csrfOf = ({ html }: Arrival) => /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? "";
  const csrf = csrfOf(await openConsole(server, other, `/person?subject=${subject}`));
  const fields = { subject, act: "block", confirmed: "yes" };
  for (const [more, headers] of [
    [{ csrf }, {}],
    [{ csrf: "" }, {}],
    [{}, { origin: "https://evil.example", "sec-fetch-site": "cross-site" }],
  ] as const) {
    const page = await agent.follow(`${server.url}/console/person?subject=${subject}`);
    const answer = await agent.request(`${server.url}/console/person`, {
      method: "POST",
      body: new URLSearchParams({ csrf: csrfOf(page), ...fields, ...more }),
      headers: { origin: server.issuer, "sec-fetch-site": "same-origin", ...headers },
    });
    assert.ok(answer.status >= 400 && answer.status < 500, `${answer.status}`);
  }
  await agent.request(`${server.url}/console/person?${new URLSearchParams({ csrf, ...fields })}`);
  assert.equal(await isActive(tokens.access_token), true);
});

test("Z31 the console wants a sign-in of the last 15 minutes, and to change something one of the last 5", async () => {
  const agent = await anAdministrator();
  const { subject, tokens } = await somebody("lise");
  server.upstream.account = { sub: "boss", email: "boss@example.com", email_verified: true };
  server.clock.advance(15 * 60);
  assert.equal(isAgain(await agent.follow(`${server.url}/console/people`)), false);
  server.clock.advance(1);
  const again = await agent.follow(`${server.url}/console/people?q=lise`);
  assert.ok(isAgain(again));
  assert.doesNotMatch(again.html, /lise/, "nothing is shown");
  const link = /href="(http[^"]+)" rel="noreferrer"/.exec(again.html)?.[1]?.replaceAll("&amp;", "&") ?? "";
  const asked = new URL(link).searchParams;
  assert.deepEqual([asked.get("prompt"), asked.get("max_age")], ["login", "900"]);
  const back = await signInAgain(agent, again);
  assert.equal(back.url.href, `${server.url}/console/people?q=lise`);
  assert.match(back.html, /lise@example\.com/);

  server.clock.advance(5 * 60 + 1);
  assert.equal(isAgain(await agent.follow(`${server.url}/console/people`)), false);
  const refused = await act(server, agent, "/person", { subject, act: "block", confirmed: "yes" });
  assert.ok(isAgain(refused));
  assert.equal(await isActive(tokens.access_token), true);
  const question = await signInAgain(agent, refused);
  assert.match(
    question.html,
    /Block <bdi>lise@example\.com<\/bdi>\?/,
    "the question is there again, not answered",
  );
  assert.equal(await isActive(tokens.access_token), true);
  await act(server, agent, "/person", { subject, act: "block", confirmed: "yes" });
  assert.equal(await isActive(tokens.access_token), false);
});

test("Z-n17 an act sent again after 5 minutes, with an old session or through a provider that repeats an old auth_time, is not done", async () => {
  const agent = await anAdministrator();
  const { subject, tokens } = await somebody("mary");
  server.upstream.account = { sub: "boss", email: "boss@example.com", email_verified: true };
  const fields = { subject, act: "block", confirmed: "yes" };
  server.clock.advance(5 * 60 + 1);
  const then = server.clock.now() - 301;
  server.upstream.signedInAt = () => then;
  try {
    for (let round = 0; round < 2; round++) {
      const refused = await act(server, agent, "/person", fields);
      assert.ok(isAgain(refused));
      const back = await signInAgain(agent, refused);
      assert.equal(await isActive(tokens.access_token), true);
      assert.match(back.html, /mary@example\.com/);
    }
  } finally {
    server.upstream.signedInAt = () => server.clock.now();
  }

  // A cookie that says more than the server signed, or that was signed for another session.
  const chief = await anAdministrator("chief");
  const name = "gatehouse-presence";
  const ofChief = chief.cookiesOf(server.url).get(name) ?? assert.fail("no proof");
  const own = agent.cookiesOf(server.url).get(name) ?? assert.fail("no proof");
  const [text = "", tag] = own.split(".");
  const forged = Buffer.from(
    Buffer.from(text, "base64url")
      .toString()
      .replace(/\d+\]$/, "9999999999]"),
  );
  for (const value of [ofChief, `${forged.toString("base64url")}.${tag}`, "x", "..", `${text}.`]) {
    agent.setCookie(server.url, name, value);
    assert.ok(isAgain(await act(server, agent, "/person", fields)), value);
  }
  assert.equal(await isActive(tokens.access_token), true);
});

test("whoever takes prompt and max_age out of the question to the provider has proven nothing", async () => {
  const agent = await anAdministrator();
  server.upstream.account = { sub: "boss", email: "boss@example.com", email_verified: true };
  server.clock.advance(15 * 60 + 1);
  const then = server.clock.now() - 3600;
  server.upstream.signedInAt = () => then;
  try {
    const again = await agent.follow(`${server.url}/console/people`);
    const link = /href="(http[^"]+)" rel="noreferrer"/.exec(again.html)?.[1]?.replaceAll("&amp;", "&") ?? "";
    const quieter = new URL(link);
    for (const name of ["prompt", "max_age"]) quieter.searchParams.delete(name);
    const back = await agent.follow(quieter.href);
    assert.equal(back.response.status, 400);
    assert.equal(eventsOf(server, "sign_in_failed").at(-1)?.reason, "no auth_time");
    assert.ok(isAgain(await agent.follow(`${server.url}/console/people`)));
  } finally {
    server.upstream.signedInAt = () => server.clock.now();
  }
});

test("whoever has a browser begin sign-ins without end crowds out none of its cookies, and the last one works", async () => {
  const agent = await anAdministrator();
  const visits = () =>
    [...agent.cookiesOf(server.url).keys()].filter((name) => name.startsWith("gatehouse-visit-"));
  for (let at = 0; at < 20; at++) await agent.request(`${server.url}/sign-in/home`);
  server.clock.advance(15 * 60 + 1);
  const long = `${server.url}/console/people?q=${"a".repeat(2500)}`;
  for (let at = 0; at < 20; at++) await agent.request(long);
  assert.ok(visits().length <= 3, `${visits().length}`);
  server.upstream.account = { sub: "boss", email: "boss@example.com", email_verified: true };
  assert.equal((await openConsole(server, agent, "/people")).response.status, 200);
});
