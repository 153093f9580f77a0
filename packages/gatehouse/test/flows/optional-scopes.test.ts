import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { canonicalResource } from "../../src/oauth/resource.ts";
import { decide } from "../support/consent-form.ts";
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
  tokensFor,
  tokensOf,
} from "../support/oauth-client.ts";
import { UserAgent } from "../support/user-agent.ts";

let server: TestGatehouse;
let client: TestClient;
const identifier = canonicalResource(resource);
const all = "read write delete";

before(async () => {
  server = await startTestGatehouse();
  await server.addResource(resource, { read: "Read notes", write: "Change notes", delete: "Delete notes" });
  await server.store.changeResource(identifier, { optionals: ["delete"] });
  client = await aPublicClient(server);
});
after(() => server?.stop());

const atClient = (url: URL) => url.port === "33418" || url.host === "site.example.net";

/** Approves with these ticks, and redeems the code. */
async function granted(
  parameters: Record<string, string | undefined>,
  ticks: Record<string, string> = {},
  by = client,
  agent = new UserAgent(),
) {
  const { page } = await openConsentPage(server, by, agent, parameters);
  const end = await agent.submit(page, { decision: "approve", ...ticks }, atClient);
  return tokensOf(await redeem(server, by, end.url.searchParams.get("code") ?? ""));
}

test("Y19 who asks for no scope gets the default ones, else all but the optional; an optional one only who asks and ticks; one that is taken away is missing from the next refresh and introspection", async () => {
  assert.equal((await granted({})).scope, "read write");
  assert.equal((await granted({ scope: "read" })).scope, "read");
  assert.equal((await granted({ scope: all })).scope, "read write", "not without the tick");
  assert.equal((await granted({ scope: "read" }, { "allow:delete": "yes" })).scope, "read", "nor unasked");
  const tokens = await granted({ scope: all }, { "allow:delete": "yes" });
  assert.equal(tokens.scope, all);
  await server.store.changeResource(identifier, { defaults: ["read"] });
  assert.equal((await granted({})).scope, "read");

  // What is taken from the resource is gone from every grant at once, and comes back with it.
  const scopes = ["read", "delete"].map((name) => ({ name, sentence: undefined }));
  await server.store.changeResource(identifier, { scopes });
  assert.equal((await introspect(server, tokens.access_token)).scope, "read delete");
  const next = tokensOf(await refresh(server, client, tokens.refresh_token, { scope: all }));
  assert.equal(next.scope, "read delete");
  assert.equal((await introspect(server, next.access_token)).scope, "read delete");
  await server.store.changeResource(identifier, {
    scopes: [...scopes, { name: "write", sentence: "Write" }],
  });
  assert.equal((await refreshed(server, client, next.refresh_token)).scope, all);
});

test("the box is on the page, empty, beside what is granted without it, and in the person's language", async () => {
  const { page } = await openConsentPage(server, client, new UserAgent(), { scope: all });
  assert.match(page.html, /<legend>And this only if you tick it<\/legend>/);
  const box = /<input class="tick" type="checkbox" name="allow:delete" value="yes">/;
  assert.match(page.html, box);
  assert.doesNotMatch(/<dl class="facts">[\s\S]*<\/dl>/.exec(page.html)?.[0] ?? "", /delete/i);
  const plain = await openConsentPage(server, client, new UserAgent(), { scope: "read" });
  assert.doesNotMatch(plain.page.html, /<fieldset/);
});

test("an approval without the tick does not stand for a later request that asks for it", async () => {
  const site = await aPublicClient(server, { redirect_uris: ["https://site.example.net/cb"] });
  const agent = new UserAgent();
  await granted({ scope: all }, {}, site, agent);
  const byClient = { "sec-fetch-site": "same-site", referer: "https://site.example.net/" };
  const silently = async (scope: string) => {
    const url = authorizationUrl(server, site, { scope, prompt: "none" });
    const location = (await agent.request(url, { headers: byClient })).headers.get("location");
    return new URL(location ?? "").searchParams.get("error");
  };
  assert.equal(await silently("read write"), null);
  assert.equal(await silently(all), "consent_required");
});

test("a scope that became optional, or ceased to be, while the page was open is asked about again", async () => {
  for (const optionals of [["delete", "write"], []]) {
    const { agent, page } = await openConsentPage(server, client, new UserAgent(), { scope: all });
    await server.store.changeResource(identifier, { optionals });
    const answer = await decide(agent, page, {});
    assert.match(answer.headers.get("location") ?? "", /\/consent\?transaction=/);
    await server.store.changeResource(identifier, { optionals: ["delete"] });
  }
});

test("a client for which the operator decides for everybody gets no optional scope without a person's tick", async () => {
  const own = await server.addClient({
    id: "own-app",
    secret: "own-secret",
    authMethod: "client_secret_basic",
    redirectUris: [client.redirectUri],
  });
  const its: TestClient = { ...client, id: own.id, secret: "own-secret" };
  const usual = await new UserAgent().follow(authorizationUrl(server, its, { scope: "read" }), atClient);
  assert.ok(usual.url.searchParams.get("code"), "no page for what is not optional");
  assert.equal((await granted({ scope: all }, {}, its)).scope, "read write");
  assert.equal((await granted({ scope: all }, { "allow:delete": "yes" }, its)).scope, all);
  const silent = authorizationUrl(server, its, { scope: all, prompt: "none" });
  assert.match((await new UserAgent().request(silent)).headers.get("location") ?? "", /error=login_required/);
});

test("a resource all of whose scopes are optional grants none of them to who asks for nothing", async () => {
  const other = "https://careful.example.com/mcp";
  await server.addResource(other, { all: "Everything" });
  await server.store.changeResource(canonicalResource(other), { optionals: ["all"] });
  const { scope } = await tokensFor(server, client, { resource: other });
  assert.equal(scope, undefined);
});
