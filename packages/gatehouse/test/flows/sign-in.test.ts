import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  aPublicClient,
  authorizationUrl,
  authorize,
  introspect,
  openConsentPage,
  redeem,
  resource,
  type TestClient,
  tokensFor,
} from "../support/oauth-client.ts";
import { UserAgent } from "../support/user-agent.ts";

let server: TestGatehouse;
let client: TestClient;
const alice = { sub: "alice", email: "alice@example.com", email_verified: true };

before(async () => {
  server = await startTestGatehouse();
  await server.addResource(resource);
  client = await aPublicClient(server);
});
after(() => server?.stop());

const atClient = (url: URL) => url.port === "33418";
const atUpstream = (url: URL) => url.origin === new URL(server.upstream.issuer).origin;
const atCallback = (url: URL) => url.pathname === "/callback";

/**
 * Follows a request to the identity provider and through it, up to the callback URL the provider sends the
 * browser to.
 */
async function signInUpstream(agent: UserAgent): Promise<URL> {
  const { url } = await agent.follow(authorizationUrl(server, client), atCallback);
  assert.equal(url.pathname, "/callback");
  return url;
}

test("C01 each way to the provider carries a fresh random state, good once and for ten minutes", async () => {
  const states = new Set<string>();
  for (let i = 0; i < 5; i++) {
    const { url } = await new UserAgent().follow(authorizationUrl(server, client), atUpstream);
    states.add(url.searchParams.get("state") ?? "");
  }
  assert.equal(states.size, 5);
  assert.ok([...states].every((state) => /^[A-Za-z0-9_-]{43}$/.test(state)));

  const agent = new UserAgent();
  const callback = await signInUpstream(agent);
  server.clock.advance(600);
  assert.equal((await agent.request(callback.href)).status, 400);
});

test("C02 C-n1 a callback in a browser that did not start it is refused before anything is asked of the provider", async () => {
  const attacker = new UserAgent();
  const callback = await signInUpstream(attacker);
  const asked = server.upstream.requests("/token");
  const victim = new UserAgent();
  const refused = await victim.request(callback.href);
  assert.equal(refused.status, 400);
  assert.equal(refused.headers.get("location"), null);

  const other = new UserAgent();
  await other.follow(authorizationUrl(server, client), atUpstream);
  assert.equal((await other.request(callback.href)).status, 400);

  const changed = new URL(callback);
  changed.searchParams.set("state", "A".repeat(43));
  assert.equal((await attacker.request(changed.href)).status, 400);
  assert.equal(server.upstream.requests("/token"), asked);
  // The rightful browser is not harmed by any of this.
  assert.match((await attacker.follow(callback.href)).html, /name="decision"/);
});

test("C03 the cookie that binds an attempt is short-lived, HttpOnly and Lax, on https Secure and __Host-", async (t) => {
  const secure = await startTestGatehouse({ BASE_URL: "https://login.example.com" });
  t.after(() => secure.stop());
  const site = await aPublicClient(secure);
  for (const [at, by, prefix] of [
    [server, client, "gatehouse-attempt-"],
    [secure, site, "__Host-gatehouse-attempt-"],
  ] as const) {
    const response = await fetch(authorizationUrl(at, by), { redirect: "manual" });
    const [cookie = "", ...others] = response.headers.getSetCookie();
    assert.equal(others.length, 0);
    assert.ok(cookie.startsWith(prefix), cookie);
    for (const attribute of ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=600"])
      assert.ok(cookie.includes(`; ${attribute}`), cookie);
    assert.equal(cookie.includes("; Secure"), at === secure);
  }
});

test("a browser that starts many attempts keeps the newest few", async () => {
  const agent = new UserAgent();
  for (let attempt = 0; attempt < 12; attempt++) await agent.request(authorizationUrl(server, client));
  assert.equal(agent.cookiesOf(server.url).size, 8);
});

test("C04 the same callback twice gives one consent page and one refusal", async () => {
  const agent = new UserAgent();
  const callback = await signInUpstream(agent);
  const cookies = [...agent.cookiesOf(server.url)].map(([name, value]) => `${name}=${value}`).join("; ");
  const [first, second] = await Promise.all(
    [1, 2].map(() => fetch(callback.href, { redirect: "manual", headers: { cookie: cookies } })),
  );
  assert.deepEqual([first?.status, second?.status].sort(), [302, 400]);
  assert.equal((await agent.request(callback.href)).status, 400);
});

test("C05 what the browser adds to the callback changes nothing of the request", async () => {
  const agent = new UserAgent();
  const callback = await signInUpstream(agent);
  for (const name of ["client_id", "redirect_uri", "scope", "resource", "code_challenge"]) {
    callback.searchParams.set(name, "https://evil.example/");
  }
  const page = await agent.follow(callback.href);
  const end = await agent.submit(
    page,
    { decision: "approve", redirect_uri: "https://evil.example/" },
    atClient,
  );
  assert.equal(end.url.origin + end.url.pathname, client.redirectUri);
  assert.equal(end.url.searchParams.get("state"), "the-clients-state");
  const answer = await redeem(server, client, end.url.searchParams.get("code") ?? "");
  assert.equal((await introspect(server, String(answer.body.access_token))).aud, resource);
});

test("C06 two tabs at once both succeed, each with its own client and state", async () => {
  const agent = new UserAgent();
  const other = await aPublicClient(server, { client_name: "Other client" });
  const [left, right] = [
    authorizationUrl(server, client),
    authorizationUrl(server, other, { state: "other" }),
  ];
  const leftCallback = (await agent.follow(left, atCallback)).url;
  const rightCallback = (await agent.follow(right, atCallback)).url;
  const rightPage = await agent.follow(rightCallback.href);
  const leftPage = await agent.follow(leftCallback.href);
  assert.match(leftPage.html, /Test client/);
  assert.match(rightPage.html, /Other client/);
  const rightEnd = (await agent.submit(rightPage, { decision: "approve" }, atClient)).url;
  const leftEnd = (await agent.submit(leftPage, { decision: "approve" }, atClient)).url;
  assert.equal(rightEnd.searchParams.get("state"), "other");
  assert.equal(leftEnd.searchParams.get("state"), "the-clients-state");
  assert.equal((await redeem(server, other, rightEnd.searchParams.get("code") ?? "")).status, 200);
  assert.equal((await redeem(server, client, leftEnd.searchParams.get("code") ?? "")).status, 200);
});

test("C13 the person is the provider's subject: a new address keeps them, an equal address does not make them", async (t) => {
  t.after(() => {
    server.upstream.account = alice;
  });
  const credential = await server.addResource("https://c13.example.com/mcp");
  const atResource = { resource: "https://c13.example.com/mcp" };
  const subject = async () => {
    const { access_token } = await tokensFor(server, client, atResource);
    return (await introspect(server, access_token, credential)).sub;
  };
  const carol = { ...alice, sub: "carol", email: "carol@example.com" };
  server.upstream.account = carol;
  const before = await subject();
  server.upstream.account = { ...carol, email: "carol@new.example.com" };
  assert.equal(await subject(), before);
  server.upstream.account = { ...carol, sub: "mallory" };
  assert.notEqual(await subject(), before);
});

test("C18 a person who cancels sends the client access_denied and its state", async (t) => {
  t.after(() => {
    server.upstream.decision = "continue";
  });
  server.upstream.decision = "cancel";
  const end = await new UserAgent().followBack(authorizationUrl(server, client), atClient);
  assert.equal(end.url.searchParams.get("error"), "access_denied");
  assert.equal(end.url.searchParams.get("state"), "the-clients-state");
  assert.equal(end.url.searchParams.get("iss"), server.issuer);
  assert.equal(end.url.searchParams.get("code"), null);

  const agent = new UserAgent();
  const { url } = await agent.follow(authorizationUrl(server, client), atUpstream);
  const state = url.searchParams.get("state") ?? "";
  const failed = await agent.followBack(`${server.url}/callback?error=server_error&state=${state}`, atClient);
  assert.match(failed.url.search, /error=(server_error|temporarily_unavailable)/);
  const invalid = await agent.request(`${server.url}/callback?error=access_denied&state=${"A".repeat(43)}`);
  assert.equal(invalid.status, 400);
  assert.equal(invalid.headers.get("location"), null);
});

test("C21 LEGACY a callback without state, code or cookie is 400 and leaves no code", async () => {
  const agent = new UserAgent();
  const callback = await signInUpstream(agent);
  const state = callback.searchParams.get("state");
  for (const query of ["", `?state=${state}`, "?code=x", `?state=${"A".repeat(43)}&code=x`]) {
    const response = await agent.request(`${server.url}/callback${query}`);
    assert.equal(response.status, 400, query);
    assert.equal(response.headers.get("location"), null);
  }
});

test("C-n6 an ambiguous callback is refused and uses nothing up", async () => {
  const agent = new UserAgent();
  const callback = await signInUpstream(agent);
  for (const extra of [
    `&state=${callback.searchParams.get("state")}`,
    "&code=other",
    "&error=access_denied",
  ]) {
    assert.equal((await agent.request(callback.href + extra)).status, 400, extra);
  }
  assert.match((await agent.follow(callback.href)).html, /name="decision"/);
});

test("C-n7 what the provider says of an error is not repeated to the browser", async () => {
  const agent = new UserAgent();
  const { url } = await agent.follow(authorizationUrl(server, client), atUpstream);
  const query = new URLSearchParams({
    state: url.searchParams.get("state") ?? "",
    error: "server_error",
    error_description: "<script>alert(1)</script>\r\nSet-Cookie: a=b",
  });
  const response = await agent.request(`${server.url}/callback?${query}`);
  assert.equal(response.status, 400);
  assert.doesNotMatch(await response.text(), /<script|%3c|alert|Set-Cookie|%0d/i);
  assert.doesNotMatch(response.headers.get("set-cookie") ?? "", /a=b/);
});

test("a second client of a signed-in person asks for consent only", async () => {
  const agent = new UserAgent();
  await authorize(server, client, { agent });
  const other = await aPublicClient(server, { client_name: "Second client" });
  const asked = server.upstream.requests("/auth");
  const { page } = await openConsentPage(server, other, agent);
  assert.match(page.html, /Second client/);
  assert.equal(server.upstream.requests("/auth"), asked);
});

test("S05 a session has a new identifier after each sign-in, ends when idle, when old, and at sign-out", async () => {
  const name = "gatehouse-session";
  const agent = new UserAgent();
  agent.setCookie(server.url, name, "planted-by-an-attacker");
  await authorize(server, client, { agent });
  const first = agent.cookiesOf(server.url).get(name);
  assert.ok(first && first !== "planted-by-an-attacker");
  await authorize(server, client, { agent, parameters: { prompt: "login" } });
  const second = agent.cookiesOf(server.url).get(name);
  assert.ok(second && second !== first);

  const isSignedIn = async (session: string) => {
    const response = await fetch(`${server.url}/`, { headers: { cookie: `${name}=${session}` } });
    return (await response.text()).includes("alice@example.com");
  };
  assert.ok(!(await isSignedIn(first)), "the session before the new sign-in is dead");
  assert.ok(await isSignedIn(second));

  const home = await agent.follow(`${server.url}/`);
  await agent.submit(home, {});
  assert.ok(!(await isSignedIn(second)), "dead on the server, not only in the cookie");

  await authorize(server, client, { agent });
  const third = agent.cookiesOf(server.url).get(name) ?? "";
  const { sessionIdle, session } = { sessionIdle: 12 * 3600, session: 7 * 86_400 };
  server.clock.advance(sessionIdle - 60);
  assert.ok(await isSignedIn(third));
  server.clock.advance(sessionIdle + 1);
  assert.ok(!(await isSignedIn(third)), "idle");

  await authorize(server, client, { agent });
  const fourth = agent.cookiesOf(server.url).get(name) ?? "";
  for (let age = 0; age < session; age += sessionIdle / 2) {
    await isSignedIn(fourth);
    server.clock.advance(sessionIdle / 2);
  }
  assert.ok(!(await isSignedIn(fourth)), "absolute");
});
