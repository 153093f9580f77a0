import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { createAccess } from "../../src/access/access.ts";
import type { Rule } from "../../src/access/rules.ts";
import type { Access } from "../../src/oauth/ports.ts";
import { canonicalResource } from "../../src/oauth/resource.ts";
import { allow, deny, of } from "../access/people.ts";
import { eventsOf } from "../support/audit-events.ts";
import {
  aPublicClient,
  authorizationUrl,
  introspect,
  redeem,
  refresh,
  refreshed,
  resource,
  type TestClient,
  tokensOf,
} from "../support/oauth-client.ts";
import { startWithTwoProviders, type TwoProviders } from "../support/two-providers.ts";
import { type Arrival, UserAgent } from "../support/user-agent.ts";

/* What the operator's rules make of a person's way to a code. */

let server: TwoProviders;
let client: TestClient;
let access: Access | undefined;

const everyone = allow({ everyone: true });

function rules(list: { readonly signIn?: readonly Rule[]; readonly notes?: readonly Rule[] }): void {
  const resources = new Map(list.notes && [[canonicalResource(resource), list.notes]]);
  access = createAccess({ signIn: list.signIn, resources }, ["work", "home"]);
}

before(async () => {
  server = await startWithTwoProviders({}, () => access);
  await server.addResource(resource, { "notes:read": "Read notes", "notes:write": "Write notes" });
  await server.addResource("https://other.example.com/mcp", {});
  client = await aPublicClient(server);
});
beforeEach(() => {
  access = undefined;
  server.work.account = { sub: "ada", email: "ada@example.com", email_verified: true };
  server.home.account = { sub: "eve", email: "eve@home.example", email_verified: true };
  server.proven = {};
});
after(() => server?.stop());

const atClient = (url: URL) => url.port === "33418";
const isConsentPage = ({ html }: Arrival) => html.includes('name="decision" value="approve"');

/** Signs in with a provider, as far as that leads. */
async function arrive(provider: string, agent = new UserAgent(), parameters = {}): Promise<Arrival> {
  return agent.follow(authorizationUrl(server, client, { provider, ...parameters }), atClient);
}

/** The page that tells a person why they may not go on. */
function assertRefused({ response, html }: Arrival, title: RegExp): void {
  assert.equal(response.status, 403, html);
  assert.match(html, title);
  assert.match(html, /another_account/);
  assert.doesNotMatch(html, /example\.com\b(?!<)|contractors|admins|access\.sign_in/);
}

async function codeBy(provider: string, agent = new UserAgent()): Promise<string> {
  const page = await arrive(provider, agent);
  assert.ok(isConsentPage(page), page.html);
  const end = await agent.submit(page, { decision: "approve" }, atClient);
  return end.url.searchParams.get("code") ?? assert.fail(end.url.href);
}

const scopesOn = ({ html }: Arrival) =>
  ["Read notes", "Write notes"].filter((sentence) => html.includes(sentence));

test("V42 the consent page lists what can be had, the token says it, and for nothing there is a page and then access_denied", async () => {
  rules({ notes: [everyone, deny({ domain: ["home.example"] }, ["notes:write"])] });
  const agent = new UserAgent();
  const page = await arrive("home", agent);
  assert.deepEqual(scopesOn(page), ["Read notes"]);
  const end = await agent.submit(page, { decision: "approve" }, atClient);
  const tokens = tokensOf(await redeem(server, client, end.url.searchParams.get("code") ?? ""));
  assert.equal(tokens.scope, "notes:read");
  assert.equal((await introspect(server, tokens.access_token)).scope, "notes:read");
  assert.deepEqual(scopesOn(await arrive("work")), ["Read notes", "Write notes"]);

  const other = new UserAgent();
  const refused = await arrive("home", other, { scope: "notes:write" });
  assertRefused(refused, /may do nothing of what the app asks for/);
  assert.match(refused.html, /eve@home\.example/);
  assert.match(refused.html, /Home &lt;i&gt;account/);
  const back = await other.submit(refused, { decision: "leave" }, atClient);
  assert.equal(back.url.searchParams.get("error"), "access_denied");
  assert.equal(back.url.searchParams.get("code"), null);
  assert.equal(back.url.searchParams.get("state"), "the-clients-state");
  assert.equal(eventsOf(server, "access_refused").at(-1)?.reason, "no_scope");
});

test("V43 rules are asked at sign-in, at the page, at its answer, at redemption and at each refresh, as they are then", async () => {
  const nobody = { notes: [allow({ address: ["nobody@example.com"] })] };
  // At sign-in: nothing of somebody who may not is kept.
  rules({ signIn: [allow({ domain: ["home.example"] })] });
  server.work.account = { sub: "new", email: "new@example.com", email_verified: true };
  const stranger = new UserAgent();
  assertRefused(await arrive("work", stranger), /This account may not sign in here/);
  assert.deepEqual(await server.store.findAccounts("new@example.com"), []);
  assert.equal(
    [...stranger.cookiesOf(server.url).keys()].some((name) => /session/.test(name)),
    false,
  );
  assert.match(eventsOf(server, "sign_in_denied").at(-1)?.detail ?? "", /access\.sign_in .* not_allowed/);

  // Somebody who is signed in already.
  access = undefined;
  const agent = new UserAgent();
  await codeBy("home", agent);
  rules(nobody);
  assertRefused(await agent.follow(authorizationUrl(server, client)), /has no access to that/);
  const silent = await agent.follow(authorizationUrl(server, client, { prompt: "none" }), atClient);
  assert.equal(silent.url.searchParams.get("error"), "access_denied");
  const elsewhere = authorizationUrl(server, client, { resource: "https://other.example.com/mcp" });
  assert.ok(isConsentPage(await agent.follow(elsewhere)), "another resource has no such rules");

  // When the page is shown, and shown again.
  access = undefined;
  const page = await agent.follow(authorizationUrl(server, client));
  rules(nobody);
  assertRefused(await agent.follow(page.url.href), /has no access to that/);
  access = undefined;
  assert.ok(isConsentPage(await agent.follow(page.url.href)), "nothing was over by looking");

  // At a refresh.
  const tokens = tokensOf(await redeem(server, client, await codeBy("home")));
  rules(nobody);
  assert.equal((await refresh(server, client, tokens.refresh_token)).body.error, "invalid_grant");
  rules({ signIn: [allow({ domain: ["example.com"] })] });
  assert.equal((await refresh(server, client, tokens.refresh_token)).body.error, "invalid_grant");
  access = undefined;
  await refreshed(server, client, tokens.refresh_token);
});

test("V-n21 a rule that goes while the consent page is open leaves no code, and one that goes after the code no token", async () => {
  const nobody = { notes: [allow({ address: ["nobody@example.com"] })] };
  rules({ notes: [everyone] });
  const agent = new UserAgent();
  const page = await arrive("home", agent);
  rules(nobody);
  const refused = await agent.submit(page, { decision: "approve" }, atClient);
  assertRefused(refused, /has no access to that/);
  access = undefined;
  const again = await agent.submit(page, { decision: "approve" }, atClient);
  assert.equal(again.response.status, 400, "the attempt is over");

  const code = await codeBy("home");
  rules(nobody);
  const { status, body } = await redeem(server, client, code);
  assert.deepEqual([status, body.error], [400, "invalid_grant"]);
});

test("rules that widen or narrow while the page is open: what was not shown is not granted, and is asked for first", async () => {
  rules({ notes: [allow({ everyone: true }, ["notes:read"])] });
  const agent = new UserAgent();
  const page = await arrive("home", agent);
  assert.deepEqual(scopesOn(page), ["Read notes"]);
  access = undefined;
  const wider = await agent.submit(page, { decision: "approve" }, atClient);
  assert.deepEqual(scopesOn(wider), ["Read notes", "Write notes"]);
  rules({ notes: [allow({ everyone: true }, ["notes:write"])] });
  const other = await agent.submit(wider, { decision: "approve" }, atClient);
  assert.deepEqual(scopesOn(other), ["Write notes"]);
  const end = await agent.submit(other, { decision: "approve" }, atClient);
  const tokens = tokensOf(await redeem(server, client, end.url.searchParams.get("code") ?? ""));
  assert.equal(tokens.scope, "notes:write");
});

test("a session through another provider than the rules ask for gets to no code, silently or by naming its provider", async () => {
  rules({ notes: [allow({ provider: ["work"] })] });
  const signedInAtHome = async () => {
    const agent = new UserAgent();
    assert.ok(isConsentPage(await arrive("home", agent, { resource: "https://other.example.com/mcp" })));
    return agent;
  };
  for (const parameters of [
    {},
    { provider: "home" },
    { login_hint: "eve@home.example" },
    { prompt: "consent" },
  ]) {
    const agent = await signedInAtHome();
    const choice = await agent.follow(authorizationUrl(server, client, parameters), atClient);
    assert.match(choice.html, /value="work"/, JSON.stringify(parameters));
    assert.doesNotMatch(choice.html, /value="home"|value="approve"/);
    const forged = await agent.submit(
      choice,
      { provider: "home" },
      (url) => url.origin !== choice.url.origin,
    );
    assert.equal(forged.url.origin, new URL(server.work.issuer).origin, "the only one that will do");
  }
  const agent = await signedInAtHome();
  const silent = await agent.follow(authorizationUrl(server, client, { prompt: "none" }), atClient);
  assert.equal(silent.url.searchParams.get("error"), "login_required");
  // Who is sent to the right one and comes back as somebody the rules are not about gets no code either.
  rules({ notes: [allow({ provider: ["work"], address: ["boss@example.com"] })] });
  assertRefused(await arrive("work"), /has no access to that/);
});

test("V45 a changed rule ends access within the lifetime of one access token, a lost group with the provider's next word", async () => {
  rules({ notes: [allow({ group: [of("admins")] })] });
  server.proven = { groups: ["admins", "users"] };
  const first = tokensOf(await redeem(server, client, await codeBy("work")));
  const live = await refreshed(server, client, first.refresh_token);
  rules({ notes: [allow({ group: [of("owners")] })] });
  server.clock.advance(live.expires_in);
  assert.equal((await introspect(server, live.access_token)).active, false);
  assert.equal((await refresh(server, client, live.refresh_token)).body.error, "invalid_grant");

  rules({ notes: [allow({ group: [of("admins")] })] });
  const again = await refreshed(server, client, live.refresh_token);
  server.proven = { groups: ["users"] };
  const unseen = await refreshed(server, client, again.refresh_token);
  assertRefused(await arrive("work"), /has no access to that/);
  assert.equal((await refresh(server, client, unseen.refresh_token)).body.error, "invalid_grant");
  server.proven = { groups: undefined };
  assertRefused(await arrive("work"), /Your groups could not be looked up/);
  server.proven = { groups: ["admins"] };
  await codeBy("work");
  await refreshed(server, client, unseen.refresh_token);
});
