import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createAccess } from "../../src/access/access.ts";
import { describePeople } from "../../src/commands/people-tables.ts";
import { subjectOf } from "../../src/oauth/subject.ts";
import { eventsOf } from "../support/audit-events.ts";
import {
  aPublicClient,
  authorizationUrl,
  introspect,
  isActive,
  redeem,
  refresh,
  refreshed,
  resource,
  type TestClient,
  type Tokens,
  tokensOf,
} from "../support/oauth-client.ts";
import { startWithTwoProviders, type TwoProviders } from "../support/two-providers.ts";
import { type Arrival, UserAgent } from "../support/user-agent.ts";

/* Whose an address is, and what is known of a person besides. */

let server: TwoProviders;
let client: TestClient;
let credential: string;

before(async () => {
  server = await startWithTwoProviders({ BRAND_SUPPORT: "it@example.com" });
  credential = await server.addResource(resource);
  client = await aPublicClient(server);
});
after(() => server?.stop());

const atClient = (url: URL) => url.port === "33418";
const issuerOf = (name: "work" | "home") => server[name].issuer;
const account = (sub: string, email: string) => ({ sub, email, email_verified: true });

/** Signs in as whoever is at the provider: the consent page, or the page that refuses them. */
async function signIn(name: "work" | "home", who: ReturnType<typeof account>, agent = new UserAgent()) {
  server[name].account = who;
  return agent.follow(authorizationUrl(server, client, { provider: name, prompt: "login" }), atClient);
}

async function connect(name: "work" | "home", who: ReturnType<typeof account>): Promise<Tokens> {
  const agent = new UserAgent();
  const page = await signIn(name, who, agent);
  assert.match(page.html, /value="approve"/, page.html);
  const end = await agent.submit(page, { decision: "approve" }, atClient);
  return tokensOf(await redeem(server, client, end.url.searchParams.get("code") ?? ""));
}

function assertRefused({ response, html }: Arrival): void {
  assert.equal(response.status, 403);
  assert.match(html, /This e-mail address belongs to another account/);
}

test("V20 a person's new address replaces the old one at once, in what was given out before too", async () => {
  const [before, now] = [account("v20", "v20@example.com"), account("v20", "V20.new@example.com")];
  const tokens = await connect("work", before);
  assert.equal((await introspect(server, tokens.access_token)).username, before.email);
  await signIn("work", now);
  assert.equal((await introspect(server, tokens.access_token)).username, now.email);
  const next = await refreshed(server, client, tokens.refresh_token);
  const stored = await introspect(server, next.access_token, credential);
  assert.equal(stored.username, now.email);
  assert.equal(stored.sub, subjectOf({ issuer: issuerOf("work"), subject: "v20" }));
  const [event] = eventsOf(server, "address_changed");
  assert.equal(event?.subject, stored.sub);
  assert.match(String(event?.detail), /v20@example\.com.*V20\.new@example\.com/);
  // Nobody has the former one: it is free for somebody else.
  assert.match((await signIn("work", account("v20-other", before.email))).html, /value="approve"/);
});

test("V21 an address that is somebody's is refused to another, in any case, told to the operator, and theirs once released", async () => {
  const holder = account("v21", "v21@example.com");
  const tokens = await connect("work", holder);
  const newcomer = account("v21-other", "V21@Example.com");
  const agent = new UserAgent();
  assertRefused(await signIn("work", newcomer, agent));
  assert.equal(agent.cookiesOf(server.url).get("gatehouse-session"), undefined);
  const event = eventsOf(server, "address_moved").at(-1);
  for (const fact of [issuerOf("work"), "v21)", "v21-other)", "gatehouse people release"])
    assert.ok(String(event?.detail).includes(fact), JSON.stringify(event));
  assert.ok(await isActive(server, tokens.access_token));
  const kept = await refreshed(server, client, tokens.refresh_token);

  await server.store.releaseAddress(holder.email);
  assert.ok(!(await isActive(server, kept.access_token)));
  assert.equal((await refresh(server, client, kept.refresh_token)).body.error, "invalid_grant");
  assert.match((await signIn("work", newcomer)).html, /value="approve"/);
  assertRefused(await signIn("work", holder));
});

test("V-n9 a second provider that asserts the victim's address with every proof is refused, and sees nothing of theirs", async () => {
  const victim = account("v-n9", "v-n9@example.com");
  const tokens = await connect("work", victim);
  const agent = new UserAgent();
  assertRefused(await signIn("home", victim, agent));
  // Nor by a subject that is the same text there, with the attempt that was refused.
  const home = await agent.follow(`${server.url}/`);
  assert.match(home.html, /not signed in/);
  assert.ok(await isActive(server, tokens.access_token));
  const [known, ...others] = await server.store.findAccounts(victim.email);
  assert.equal(others.length, 0);
  assert.equal(known?.issuer, issuerOf("work"));
  // With another address it is somebody, but not the victim.
  const stranger = await connect("home", account("v-n9", "v-n9@home.example"));
  const [one, other] = await Promise.all(
    [tokens, stranger].map(async ({ access_token }) => introspect(server, access_token, credential)),
  );
  assert.notEqual(one?.sub, other?.sub);
});

test("V-n10 a recycled address: refused with the holder's grants intact, and after the release the newcomer starts with nothing", async () => {
  const former = account("v-n10", "v-n10@example.com");
  const tokens = await connect("work", former);
  const site = await aPublicClient(server, { redirect_uris: ["https://app.example.com/cb"] });
  const recycled = account("v-n10-new", former.email);
  assertRefused(await signIn("work", recycled));
  assert.ok(await isActive(server, tokens.access_token));
  await server.store.releaseAddress(former.email);
  const own = await connect("work", recycled);
  const { sub } = await introspect(server, own.access_token, credential);
  assert.equal(sub, subjectOf({ issuer: issuerOf("work"), subject: "v-n10-new" }));
  assert.ok(!(await isActive(server, tokens.access_token)));
  const consent = await server.store.findConsent(
    sub as never,
    site.id as never,
    "https://app.example.com/cb",
    resource as never,
  );
  assert.equal(consent, undefined);
});

test("V62 whoever may not come in reads why before the client does: the account, the provider, whom to ask, two ways on", async () => {
  await connect("work", account("v62", "v62@example.com"));
  const refused = async () => {
    const agent = new UserAgent();
    return { agent, page: await signIn("home", account("v62", "v62@example.com"), agent) };
  };
  const { agent, page } = await refused();
  assertRefused(page);
  for (const fact of ["v62@example.com", "Home &lt;i&gt;account", "it@example.com"])
    assert.ok(page.html.includes(fact), fact);
  const reference = /Reference: <code>([^<]*)</.exec(page.html)?.[1] ?? "";
  assert.ok(eventsOf(server, "sign_in_denied").some(({ request }) => request === reference));
  for (const secret of [issuerOf("work"), "user_"]) assert.ok(!page.html.includes(secret), secret);

  // Another account, of either provider, for the same request.
  const chooser = await agent.submit(page, { decision: "another_account" });
  assert.match(chooser.html, /name="provider" value="home"/);
  server.home.account = account("v62-other", "v62@home.example");
  const outside = (url: URL) => url.port !== new URL(server.url).port;
  const upstream = await agent.submit(chooser, { provider: "home" }, outside);
  assert.equal(upstream.url.searchParams.get("prompt"), "select_account");
  const consent = await agent.follow(upstream.url.href);
  const end = await agent.submit(consent, { decision: "approve" }, atClient);
  assert.equal(end.url.searchParams.get("state"), "the-clients-state");
  const { body } = await redeem(server, client, end.url.searchParams.get("code") ?? "");
  assert.equal((await introspect(server, String(body.access_token))).username, "v62@home.example");

  // Or back, and only then the client hears of it, once.
  const other = await refused();
  const back = await other.agent.submit(other.page, { decision: "leave" }, atClient);
  assert.equal(back.url.searchParams.get("error"), "access_denied");
  assert.equal(back.url.searchParams.get("state"), "the-clients-state");
  assert.equal(back.url.searchParams.get("iss"), server.issuer);
  assert.equal((await other.agent.submit(other.page, { decision: "leave" })).response.status, 400);
  assert.equal((await new UserAgent().submit(other.page, { decision: "leave" })).response.status, 400);
});

test("somebody without an address is known by subject alone, and clients that know people by address refuse them", async (t) => {
  t.after(() => {
    server.proven = {};
  });
  server.proven = { email: "", name: "Ada without mail" };
  const tokens = await connect("home", account("v19", "unproven@home.example"));
  const told = await introspect(server, tokens.access_token);
  const subject = subjectOf({ issuer: issuerOf("home"), subject: "v19" });
  assert.equal(told.sub, subject);
  assert.equal(told.username, undefined);
  assert.doesNotMatch(JSON.stringify(told), /@/);
  assert.equal((await server.store.findAccounts("unproven@home.example")).length, 0);
  // Any number of people have none.
  const other = await connect("home", account("v19-other", "unproven@home.example"));
  assert.notEqual((await introspect(server, other.access_token)).sub, subject);

  const redirectUri = "https://web.example.com/cb";
  await server.addClient({ id: "v19-web", secret: "s".repeat(32), redirectUris: [redirectUri] });
  const url = new URL(`${server.url}/authorize`);
  const query = { client_id: "v19-web", state: "x", redirect_uri: redirectUri, provider: "home" };
  url.search = String(new URLSearchParams(query));
  const refused = await new UserAgent().follow(url.href, ({ href }) => href.startsWith(redirectUri));
  assert.equal(refused.url.searchParams.get("error"), "access_denied");
  assert.match(refused.url.searchParams.get("error_description") ?? "", /no e-mail address/);

  const known = (await server.store.findAccount(subject)) ?? assert.fail();
  for (const match of [{ domain: ["home.example"] }, { address: ["unproven@home.example"] }]) {
    const signIn = [{ effect: "allow", match, name: "a rule" } as const];
    const rules = createAccess({ signIn, resources: new Map() }, ["work", "home"]);
    assert.equal(rules.signIn(known).allowed, false);
  }
});

test("what the provider says of a person is brought up to date at each sign-in, and a name is made harmless", async (t) => {
  t.after(() => {
    server.proven = {};
  });
  const who = account("kept", "kept@example.com");
  const subject = subjectOf({ issuer: issuerOf("work"), subject: "kept" });
  const kept = async (proven: TwoProviders["proven"]) => {
    server.proven = proven;
    await signIn("work", who);
    const { name, groups, confirmedAt } = (await server.store.findAccount(subject)) ?? assert.fail();
    return { name, groups, confirmedAt };
  };
  const first = { name: "Ada", groups: ["admins"], confirmedAt: server.clock.now() };
  assert.deepEqual(await kept({ name: "Ada", groups: ["admins"] }), first);
  server.clock.advance(60);
  const changed = { name: "Ada", groups: undefined, confirmedAt: server.clock.now() };
  assert.deepEqual(await kept({ name: "  A\u202Ed\u0000a\n ", groups: undefined }), changed);
  assert.equal((await kept({ name: "é".repeat(10_000) })).name, "é".repeat(256));
  assert.equal((await kept({ name: "\u200B" })).name, undefined);
  // Mending the name of a group would make another group of it.
  for (const odd of ["adm\u202Eins", "a".repeat(257), "admins\n"])
    assert.equal((await kept({ groups: ["staff", odd] })).groups, undefined);
});

test("V-n40 a name with markup, direction marks and 10 kB is escaped, cut and harmless on every page, and in the list of people", async (t) => {
  t.after(() => {
    server.proven = {};
  });
  const name = `<img src=x onerror=alert(1)>\u202E\u2066gnp.exe ${"x".repeat(10_000)}`;
  server.proven = { name };
  const agent = new UserAgent();
  const consent = await signIn("work", account("v-n40", "v-n40@example.com"), agent);
  const chooser = await agent.submit(consent, { decision: "switch_account" });
  const home = await agent.follow(`${server.url}/`);
  const refused = await signIn("home", account("v-n40", "v-n40@example.com"));
  assertRefused(refused);
  for (const page of [consent, home, refused])
    assert.match(page.html, /&lt;img src=x onerror=alert\(1\)&gt;gnp\.exe/, page.url.href);
  for (const page of [consent, chooser, home, refused]) {
    assert.doesNotMatch(page.html, /<img|\u202E|\u2066|x{65}/, page.url.href);
  }
  const listed = describePeople(await server.store.findAccounts("v-n40@example.com"));
  assert.doesNotMatch(listed, /\u202E|\u2066|x{257}/);
});

test("whoever goes back to a website that nobody vouches for is shown where that is, and goes there by themselves", async () => {
  const site = await aPublicClient(server, { redirect_uris: ["https://app.example.com/cb"] });
  await connect("work", account("stranger", "stranger@example.com"));
  server.home.account = account("stranger", "stranger@example.com");
  const agent = new UserAgent();
  const page = await agent.follow(authorizationUrl(server, site, { provider: "home" }));
  assertRefused(page);
  assert.match(page.html, /an address nobody vouches for[^<]*<bdi>app\.example\.com<\/bdi>/);
  const atSite = ({ origin }: URL) => origin === "https://app.example.com";
  const back = await agent.submit(page, { decision: "leave" }, atSite);
  assert.equal(back.url.searchParams.get("error"), "access_denied");
});
