import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { decodeJwt, importJWK, SignJWT } from "jose";
import { createOpenIdProvider } from "../../src/identity/openid/provider.ts";
import { defaultProvider } from "../../src/oauth/ports.ts";
import { subjectOf } from "../../src/oauth/subject.ts";
import { hashSecret } from "../../src/oauth/tokens/secret.ts";
import { seconds } from "../../src/oauth/values.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  aPublicClient,
  authorizationUrl,
  introspect,
  openConsentPage,
  redeem,
  refresh,
  refreshed,
  resource,
  type TestClient,
  tokensOf,
} from "../support/oauth-client.ts";
import { type AnswerContext, signingKey, startUpstream, type Upstream } from "../support/upstream.ts";
import { UserAgent } from "../support/user-agent.ts";

/*
 * Whoever the provider has not confirmed for a day is looked at before a refresh is answered. `oidc-provider`
 * gives refresh tokens for that (`asked`), or none (`silent`).
 */

const every = seconds(86_400);
const grace = seconds(3600);
const overdue = every + 1;

let asked: Upstream;
let silent: Upstream;
let server: TestGatehouse;
let client: TestClient;
before(async () => {
  server = await startTestGatehouse({}, "serve", undefined, async (issuer) => {
    const at = async (name: string, path: string, offline: boolean) => {
      const callbackUrl = `${issuer}${path}`;
      const upstream = await startUpstream({ redirectUris: [callbackUrl], offline, onAnswer: bend });
      const { clientId, clientSecret } = upstream;
      const about = { name, title: name, issuer: upstream.issuer, clientId, clientSecret, callbackUrl };
      const provider = createOpenIdProvider({ ...about, revalidate: every, revalidateGrace: grace });
      return { upstream, provider };
    };
    const first = await at(defaultProvider, "/callback", true);
    const second = await at("silent", "/callback/silent", false);
    [asked, silent] = [first.upstream, second.upstream];
    return [first.provider, second.provider];
  });
  await server.addResource(resource);
  client = await aPublicClient(server);
});
after(async () => {
  await server?.stop();
  await asked?.close();
  await silent?.close();
});
/** Whom the provider's next tokens are about in the place of whoever it is. */
let namedInstead: string | undefined;
async function bend({ body, oidc }: AnswerContext): Promise<void> {
  if (namedInstead === undefined || oidc?.route !== "token") return;
  const answer = body as { id_token: string };
  const key = await signingKey;
  answer.id_token = await new SignJWT({ ...decodeJwt(answer.id_token), sub: namedInstead })
    .setProtectedHeader({ alg: "RS256", kid: "upstream" })
    .sign(await importJWK(key, "RS256"));
}
beforeEach(() => {
  namedInstead = undefined;
  asked.down = silent.down = false;
  asked.closed.clear();
  asked.decision = silent.decision = "continue";
});

let people = 0;
const isCallback = (url: URL) => url.href.startsWith(client.redirectUri);
const providerNamed = (upstream: Upstream) => (upstream === asked ? defaultProvider : "silent");

/** Somebody new, who signed in and let the client in. */
async function aPerson(upstream = asked) {
  const sub = `person-${++people}`;
  upstream.account = { sub, email: `${sub}@example.com`, email_verified: true };
  const agent = new UserAgent();
  const parameters = { provider: providerNamed(upstream) };
  const { page } = await openConsentPage(server, client, agent, parameters);
  const { url } = await agent.submit(page, { decision: "approve" }, isCallback);
  const tokens = tokensOf(await redeem(server, client, url.searchParams.get("code") ?? ""));
  const subject = subjectOf({ issuer: upstream.issuer, subject: sub });
  return { sub, agent, tokens, token: tokens.refresh_token, subject, account: upstream.account };
}

const tokenRequests = () => asked.requests("/token");

async function isRefused(token: string): Promise<void> {
  const { status, body } = await refresh(server, client, token);
  assert.deepEqual([status, body.error], [400, "invalid_grant"]);
}

test("V55 a refresh later than `revalidate` after the last confirmation is answered after a new one, in the background where the provider gave a refresh token", async () => {
  const person = await aPerson();
  const before = tokenRequests();
  server.clock.advance(every);
  const first = await refreshed(server, client, person.token);
  assert.equal(tokenRequests(), before, "not a second too early");
  server.clock.advance(1);
  const second = await refreshed(server, client, first.refresh_token);
  assert.equal(tokenRequests(), before + 1);
  assert.equal((await server.store.findAccount(person.subject))?.confirmedAt, server.clock.now());
  await refreshed(server, client, second.refresh_token);
  assert.equal(tokenRequests(), before + 1, "good for another day");

  // Where it gave none a browser is needed: the client hears so, and the same grant is good again after that.
  const other = await aPerson(silent);
  server.clock.advance(overdue);
  await isRefused(other.token);
  await openConsentPage(server, client, other.agent, { provider: "silent" });
  await refreshed(server, client, other.token);
});

test("a browser that is still signed in here goes to the provider silently first, and sees a page only where that wants one", async () => {
  const person = await aPerson(silent);
  // Within the life of the browser's session here.
  const { store, clock } = server;
  const account = (await store.findAccount(person.subject)) ?? assert.fail();
  const sessionHash = hashSecret(person.agent.cookiesOf(server.url).get("gatehouse-session") ?? "");
  await store.openSession({
    sessionHash,
    replaces: sessionHash,
    account: { ...account, confirmedAt: seconds(clock.now() - overdue) },
    authTime: clock.now(),
    expiresAt: seconds(clock.now() + 900),
  });
  const ask = () => person.agent.request(authorizationUrl(server, client));
  const silently = new URL((await ask()).headers.get("location") ?? "");
  assert.equal(silently.origin, silent.issuer);
  assert.equal(silently.searchParams.get("prompt"), "none");
  assert.equal(silently.searchParams.get("login_hint"), account.email);

  silent.decision = "ask";
  const visited = person.agent.visited.length;
  const page = await person.agent.follow(authorizationUrl(server, client), isCallback);
  assert.match(page.html, /name="decision"/);
  const prompts = person.agent.visited
    .slice(visited)
    .map(({ url }) => new URL(url))
    .filter(({ origin, pathname }) => origin === silent.issuer && pathname === "/auth")
    .map(({ searchParams }) => searchParams.get("prompt"));
  assert.deepEqual(prompts, ["none", "select_account"]);
  await refreshed(server, client, person.token);
});

test("V56 an account that is closed at the provider ends refreshes, and a sign-in resumes them without a new consent", async () => {
  const person = await aPerson();
  const moved = { ...person.account, email: `moved-${person.sub}@example.com` };
  server.clock.advance(overdue);
  asked.account = moved; // as of the next look
  await openConsentPage(server, client, new UserAgent(), { provider: defaultProvider });
  server.clock.advance(overdue);
  const first = await refreshed(server, client, person.token);
  assert.equal((await introspect(server, first.access_token)).username, moved.email);

  server.clock.advance(overdue);
  asked.closed.add(person.sub);
  await isRefused(first.refresh_token);
  const asks = tokenRequests();
  server.clock.advance(600);
  await isRefused(first.refresh_token);
  assert.equal(tokenRequests(), asks, "nobody asks again in vain");
  const line = server.log.findLast((each) => each.includes("person_unconfirmed")) ?? "";
  assert.match(line, /invalid_grant/);

  asked.closed.delete(person.sub);
  asked.account = moved;
  await openConsentPage(server, client, new UserAgent(), { provider: defaultProvider });
  await refreshed(server, client, first.refresh_token);
});

test("a provider that answers about somebody else confirms nobody, and the operator hears of it", async () => {
  const person = await aPerson();
  server.clock.advance(overdue);
  namedInstead = "somebody-else";
  await isRefused(person.token);
  assert.match(server.log.findLast((line) => line.includes("person_unconfirmed")) ?? "", /another person/);
});

test("V57 V-n29 a provider that is down for a day ends no refresh within the grace, then 503; never `invalid_grant`, and the same refresh token works afterwards", async () => {
  const person = await aPerson();
  server.clock.advance(overdue);
  asked.down = true;
  let { token } = person;
  const next = async () => {
    token = (await refreshed(server, client, token)).refresh_token;
  };
  const told = server.log.length;
  const failures = () => server.log.slice(told).filter((line) => line.includes("confirmation_failed")).length;
  await next();
  await next();
  assert.equal(failures(), 1, "one question a minute");
  server.clock.advance(60);
  await next();
  assert.equal(failures(), 2);
  server.clock.advance(grace - 61);
  await next();
  server.clock.advance(1);
  for (let hours = 0; hours < 24; hours++) {
    const { status, body, headers } = await refresh(server, client, token);
    assert.deepEqual([status, body.error], [503, "temporarily_unavailable"]);
    assert.ok(Number(headers.get("retry-after")) > 0 && Number(headers.get("retry-after")) <= 60);
    server.clock.advance(3600);
  }
  asked.down = false;
  await next();
});

test("V-n28 another person at the same browser resumes nothing and gets nothing of a suspended grant", async () => {
  const person = await aPerson(silent);
  server.clock.advance(overdue);
  await isRefused(person.token);
  silent.account = { sub: "stranger", email: "stranger@example.com", email_verified: true };
  const { page } = await openConsentPage(server, client, person.agent, { provider: "silent" });
  await isRefused(person.token);
  const { url } = await person.agent.submit(page, { decision: "approve" }, isCallback);
  const theirs = tokensOf(await redeem(server, client, url.searchParams.get("code") ?? ""));
  assert.equal((await introspect(server, theirs.access_token)).username, "stranger@example.com");
  await isRefused(person.token);
});

test("many clients of one person that refresh at once ask the provider once", async () => {
  const person = await aPerson();
  asked.account = person.account;
  const agent = new UserAgent();
  const { page } = await openConsentPage(server, client, agent, { provider: defaultProvider });
  const { url } = await agent.submit(page, { decision: "approve" }, isCallback);
  const second = tokensOf(await redeem(server, client, url.searchParams.get("code") ?? ""));
  server.clock.advance(overdue);
  const before = tokenRequests();
  const all = [person.token, second.refresh_token].map((token) => refresh(server, client, token));
  for (const { status } of await Promise.all(all)) assert.equal(status, 200);
  assert.equal(tokenRequests(), before + 1);
});
