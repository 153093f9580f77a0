import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createAccess } from "../../src/access/access.ts";
import type { Rule } from "../../src/access/rules.ts";
import { startTestGatehouse } from "../support/gatehouse.ts";
import {
  aPublicClient,
  authorizationUrl,
  introspect,
  redeem,
  resource,
  type TestClient,
} from "../support/oauth-client.ts";
import { startWithTwoProviders, type TwoProviders } from "../support/two-providers.ts";
import type { Upstream } from "../support/upstream.ts";
import { type Arrival, UserAgent } from "../support/user-agent.ts";

/* Several providers: which one a person is sent to, and that their answers cannot be mixed up. */

let server: TwoProviders;
let client: TestClient;

const strict = "https://strict.example.com/mcp";
/** Who may use it. */
let rules: readonly Rule[] = [];
const allow = (provider: readonly string[]): Rule => ({
  effect: "allow",
  match: { provider },
  name: "a rule",
});
const access = () =>
  createAccess({ signIn: undefined, resources: new Map([[strict, rules]]) }, ["work", "home"]);

before(async () => {
  server = await startWithTwoProviders({}, access);
  server.work.account = { sub: "1", email: "ada@example.com", email_verified: true };
  server.home.account = { sub: "1", email: "ada@home.example", email_verified: true };
  await server.addResource(resource);
  client = await aPublicClient(server);
});
after(() => server?.stop());

const atClient = (url: URL) => url.port === "33418";
const at = (upstream: Upstream) => (url: URL) => url.origin === new URL(upstream.issuer).origin;
const outside = (url: URL) => url.origin !== new URL(server.issuer).origin;

const open = (parameters: Record<string, string> = {}, agent = new UserAgent()) =>
  agent.follow(authorizationUrl(server, client, parameters), outside);

/** The names of the offered providers, in their order. */
const offered = ({ html }: Arrival) =>
  [...html.matchAll(/<button class="provider[^"]*" name="provider" value="([^"]*)"/g)].map(
    ([, name]) => name,
  );

function assertChooser(page: Arrival, names = ["work", "home"]): void {
  assert.equal(page.response.status, 200, page.url.href);
  assert.deepEqual(offered(page), names, page.html);
}

/** Chooses, and follows the way through the provider back to the consent page. */
async function signInWith(name: string, agent = new UserAgent(), parameters = {}): Promise<Arrival> {
  const page = await agent.follow(authorizationUrl(server, client, parameters));
  const arrival = await agent.submit(page, { provider: name });
  assert.match(arrival.html, /name="decision" value="approve"/, arrival.html);
  return arrival;
}

test("V05 of several providers the person chooses on a page; one alone is gone to, and an unknown name chooses none", async (t) => {
  const agent = new UserAgent();
  const page = await open({}, agent);
  assertChooser(page);
  assert.match(page.html, /Work account/);
  assert.match(page.html, /Home &lt;i&gt;account&lt;\/i&gt;/);
  assert.doesNotMatch(page.html, /<script/);
  assert.match(page.html, /notes\.example\.com|Notes/);

  const consent = await agent.submit(page, { provider: "home" });
  const end = await agent.submit(consent, { decision: "approve" }, atClient);
  assert.equal(end.url.searchParams.get("state"), "the-clients-state");
  const { body } = await redeem(server, client, end.url.searchParams.get("code") ?? "");
  assert.equal((await introspect(server, String(body.access_token))).username, "ada@home.example");

  assert.ok(at(server.home)((await open({ provider: "home" })).url));
  assertChooser(await open({ provider: "nobody" }));
  assertChooser(await open({ provider: "default" }));

  const single = await startTestGatehouse();
  t.after(() => single.stop());
  await single.addResource(resource);
  const other = await aPublicClient(single);
  for (const parameters of [{}, { provider: "nobody" }, { prompt: "select_account" }] as const) {
    const response = await fetch(authorizationUrl(single, other, parameters), { redirect: "manual" });
    assert.equal(response.status, 302);
    assert.ok(at(single.upstream)(new URL(response.headers.get("location") ?? "")));
  }
});

test("V06 the last choice stands first and skips nothing; the domain of a hint chooses, unless the account is to be chosen", async (t) => {
  const agent = new UserAgent();
  await signInWith("home", agent);
  assert.equal(agent.cookiesOf(server.url).get("gatehouse-provider"), "home");
  const page = await open({ prompt: "select_account" }, agent);
  assertChooser(page, ["home", "work"]);
  assert.match(page.html, /class="provider last" name="provider" value="home" autofocus=""/);

  const hinted = async (login_hint: string, more = {}) => open({ login_hint, ...more });
  const work = await hinted("ada@EXAMPLE.com");
  assert.ok(at(server.work)(work.url));
  assert.equal(work.url.searchParams.get("login_hint"), "ada@EXAMPLE.com");
  assert.ok(at(server.home)((await hinted("ada@elsewhere.example")).url));
  assertChooser(await hinted("ada@example.com", { prompt: "select_account" }));
  assertChooser(await hinted("ada"));

  const secure = await startWithTwoProviders({ BASE_URL: "https://login.example.com" });
  t.after(() => secure.stop());
  await secure.addResource(resource);
  const site = await aPublicClient(secure);
  const cookies: string[] = [];
  const follow = async (url: string, form?: Record<string, string>) => {
    const local = url.replace("https://login.example.com", secure.url);
    const cookie = cookies.map((line) => line.split(";")[0]).join("; ");
    const headers = { cookie, ...(form && { origin: "https://login.example.com" }) };
    const body = form && { method: "POST", body: new URLSearchParams(form) };
    const response = await fetch(local, { redirect: "manual", headers, ...body });
    cookies.push(...response.headers.getSetCookie());
    return {
      html: await response.text(),
      location: new URL(response.headers.get("location") ?? local, local).href,
    };
  };
  const begun = await follow(authorizationUrl(secure, site));
  const chooser = await follow(begun.location);
  const value = (name: string) => new RegExp(`name="${name}" value="([^"]*)"`).exec(chooser.html)?.[1] ?? "";
  const form = { transaction: value("transaction"), csrf: value("csrf"), provider: "work" };
  const upstream = await follow((await follow(`${secure.url}/sign-in`, form)).location);
  await follow((await follow(upstream.location)).location);
  const line = cookies.find((one) => one.startsWith("__Host-gatehouse-provider=work"));
  assert.ok(line, cookies.join("\n"));
  for (const attribute of ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"])
    assert.ok(line.includes(attribute));
  assert.ok(Number(/Max-Age=(\d+)/.exec(line)?.[1]) <= 365 * 86_400);
});

test("a person who comes back from one provider chooses another, and cancels only once", async () => {
  const agent = new UserAgent();
  const page = await open({}, agent);
  assert.ok(at(server.work)((await agent.submit(page, { provider: "work" }, outside)).url));
  const again = await agent.follow(page.url.href);
  assertChooser(again);
  assert.ok(at(server.home)((await agent.submit(again, { provider: "home" }, outside)).url));
  const end = await agent.submit(again, { decision: "back" }, atClient);
  assert.equal(end.url.searchParams.get("error"), "access_denied");
  assert.equal(end.url.searchParams.get("state"), "the-clients-state");
  assert.equal((await agent.submit(again, { decision: "back" })).response.status, 400);
  assert.equal((await agent.submit(again, { provider: "work" })).response.status, 400);
});

test("the chooser obeys only the browser it was shown in, and our own page", async () => {
  const agent = new UserAgent();
  const page = await open({}, agent);
  assert.equal((await new UserAgent().follow(page.url.href)).response.status, 400);
  assert.equal((await new UserAgent().submit(page, { provider: "work" })).response.status, 400);
  assert.equal((await agent.submit(page, { provider: "work", csrf: "A".repeat(43) })).response.status, 400);
  const body = new URLSearchParams({ transaction: page.url.searchParams.get("transaction") ?? "" });
  const foreign = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
  const posted = await agent.request(`${server.url}/sign-in`, { method: "POST", body, headers: foreign });
  assert.equal(posted.status, 403);
  // None of it harms the rightful browser.
  assert.ok(at(server.work)((await agent.submit(page, { provider: "work" }, outside)).url));
});

test("another account, on the consent page, is one of any provider", async () => {
  const agent = new UserAgent();
  const consent = await signInWith("work", agent);
  const page = await agent.submit(consent, { decision: "switch_account" }, outside);
  assertChooser(page);
  const other = await agent.submit(page, { provider: "home" });
  assert.match(other.html, /ada@home\.example/);
});

test("V03 each provider has a callback of its own, and an answer at another's ends the attempt unasked", async () => {
  const agent = new UserAgent();
  const callback = (url: URL) => url.pathname.startsWith("/callback");
  const answer = async (name: string) => {
    const page = await agent.follow(authorizationUrl(server, client), undefined);
    const { url } = await agent.submit(page, { provider: name }, callback);
    assert.equal(url.pathname, `/callback/${name}`);
    return url;
  };
  const asked = [server.work, server.home].map((upstream) => upstream.requests("/token"));
  for (const iss of [undefined, server.work.issuer, server.home.issuer]) {
    const right = await answer("work");
    const elsewhere = new URL(right);
    elsewhere.pathname = "/callback/home";
    if (iss === undefined) elsewhere.searchParams.delete("iss");
    else elsewhere.searchParams.set("iss", iss);
    const refused = await agent.request(elsewhere.href);
    assert.equal(refused.status, 400);
    assert.equal(refused.headers.get("location"), null);
    assert.equal((await agent.request(right.href)).status, 400, "the attempt is over");
  }
  assert.deepEqual(
    [server.work, server.home].map((upstream) => upstream.requests("/token")),
    asked,
  );
  assert.equal((await agent.request(`${server.url}/callback?state=x&code=y`)).status, 404);
  const line = server.log.find((one) => one.includes("sign_in_failed") && one.includes("callback of home"));
  assert.match(line ?? "", /begun at the identity provider work/);
});

test("V-n1 mix-up: the code of one provider, with the state of an attempt at the other, goes to neither token endpoint", async () => {
  const mixed = async (path: string, iss: string | undefined) => {
    const attacker = new UserAgent();
    const victim = new UserAgent();
    const callback = (url: URL) => url.pathname.startsWith("/callback");
    const own = await attacker.follow(authorizationUrl(server, client, { provider: "home" }), callback);
    const theirs = await victim.follow(authorizationUrl(server, client, { provider: "work" }), outside);
    const forged = new URL(path, server.url);
    forged.searchParams.set("code", own.url.searchParams.get("code") ?? "");
    forged.searchParams.set("state", theirs.url.searchParams.get("state") ?? "");
    if (iss !== undefined) forged.searchParams.set("iss", iss);
    const response = await victim.request(forged.href);
    assert.equal(response.status, 400, forged.href);
    assert.equal(response.headers.get("location"), null);
    // The attempt is over: not even the rightful answer of its provider is taken.
    const rightful = await victim.follow(theirs.url.href, callback);
    assert.equal((await victim.request(rightful.url.href)).status, 400);
  };
  const asked = [server.work, server.home].map((upstream) => upstream.requests("/token"));
  for (const path of ["/callback/home", "/callback/work"]) {
    for (const iss of [server.home.issuer, undefined]) await mixed(path, iss);
  }
  assert.deepEqual(
    [server.work, server.home].map((upstream) => upstream.requests("/token")),
    asked,
  );
});

test("V-n17 whatever stands in provider or login_hint leads to the chooser, and nowhere else", async () => {
  const markup = '"><script>alert(1)</script>';
  for (const parameters of [
    { provider: "https://evil.example/" },
    { provider: "//evil.example" },
    { provider: "../work" },
    { provider: "work\r\nLocation: https://evil.example/" },
    { provider: "__proto__" },
    { provider: "WORK" },
    { provider: "removed" },
    { provider: markup },
    { login_hint: `ada@${markup.repeat(300)}` },
    { login_hint: `${"a".repeat(9000)}@example.com` },
    { login_hint: "ada@example.com@evil.example" },
    { login_hint: "ada@example.com.evil.example.com/" },
    { login_hint: "@example.com" },
    { login_hint: "ada＠example.com" },
    { provider: "nobody", login_hint: "ada@example.com" },
  ]) {
    const agent = new UserAgent();
    const page = await open(parameters, agent);
    assertChooser(page);
    assert.equal(page.url.origin, new URL(server.url).origin);
    assert.doesNotMatch(page.html, /evil|<script|aaaa/);
    assertChooser(
      await agent.submit(page, parameters.provider === undefined ? {} : { provider: parameters.provider }),
    );
  }
});

test("V46 a session through a provider that does not do for a resource leads to those that do, and serves the others", async () => {
  await server.addResource(strict);
  rules = [allow(["work"])];
  const agent = new UserAgent();
  await signInWith("home", agent);
  const elsewhere = await agent.follow(authorizationUrl(server, client));
  assert.match(elsewhere.html, /value="approve"/, "the session is good for other resources");

  const narrowed = await agent.follow(authorizationUrl(server, client, { resource: strict }), outside);
  assertChooser(narrowed, ["work"]);
  assert.match(narrowed.html, /you have to sign in with one of these/);
  const consent = await agent.submit(narrowed, { provider: "work" });
  assert.match(consent.html, /ada@example\.com/);
  const end = await agent.submit(consent, { decision: "approve" }, atClient);
  assert.equal((await redeem(server, client, end.url.searchParams.get("code") ?? "")).status, 200);
  // Without a session the only one that will do is gone to.
  assert.ok(at(server.work)((await open({ resource: strict, provider: "home" })).url));
});

test("V-n18 a session through one provider, for a resource whose rules demand another: the narrowed chooser, and no code", async () => {
  rules = [allow(["work"])];
  const agent = new UserAgent();
  await signInWith("home", agent);
  for (const parameters of [
    {},
    { prompt: "consent" },
    { provider: "home" },
    { login_hint: "ada@home.example" },
  ]) {
    const url = authorizationUrl(server, client, { resource: strict, ...parameters });
    const page = await agent.follow(url, outside);
    assertChooser(page, ["work"]);
    // The other one cannot be had by asking for it either.
    const forced = await agent.submit(page, { provider: "home" }, outside);
    assert.ok(at(server.work)(forced.url), forced.url.href);
  }
  const silently = authorizationUrl(server, client, { resource: strict, prompt: "none" });
  const silent = await agent.follow(silently, atClient);
  assert.equal(silent.url.searchParams.get("error"), "login_required");
  assert.equal(silent.url.searchParams.get("code"), null);
});
