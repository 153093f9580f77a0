import assert from "node:assert/strict";
import { after, before, test } from "node:test";
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
  server = await startWithTwoProviders({ CONTACT: "it@example.com" });
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
