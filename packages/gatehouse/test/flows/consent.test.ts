import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { decide, isRefusal } from "../support/consent-form.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  aPublicClient,
  authorizationUrl,
  authorize,
  introspect,
  openConsentPage,
  pkce,
  redeem,
  resource,
  type TestClient,
} from "../support/oauth-client.ts";
import { hiddenFields, UserAgent } from "../support/user-agent.ts";

let server: TestGatehouse;
let client: TestClient;
/** A client whose approvals can be remembered: it answers at an https address. */
let site: TestClient;

before(async () => {
  server = await startTestGatehouse();
  await server.addResource(resource, { "notes:read": "Read your notes", "notes:write": "Change your notes" });
  client = await aPublicClient(server);
  site = await aPublicClient(server, { client_name: "Site", redirect_uris: ["https://site.example.net/cb"] });
});
after(() => server?.stop());

const atClient = (url: URL) => url.port === "33418" || url.host === "site.example.net";
/** What a browser says of a navigation that a page of the client began, on a server of the same site. */
const byClient = { "sec-fetch-site": "same-site", referer: "https://site.example.net/" };

test("D01 D-n1 a signed-in person who approved one client is asked for the next", async () => {
  const agent = new UserAgent();
  await authorize(server, client, { agent });
  const attackers = await aPublicClient(server, { redirect_uris: ["https://attacker.example/cb"] });
  const arrival = await agent.follow(authorizationUrl(server, attackers), atClient);
  assert.match(arrival.html, /name="decision"/);
  assert.match(arrival.html, /attacker\.example/);
});

test("D02 an approval is remembered per person, client, redirect URI and resource, on the server", async () => {
  const agent = new UserAgent();
  await authorize(server, site, { agent });
  const silent = authorizationUrl(server, site, { prompt: "none" });
  const again = await agent.request(silent, { headers: byClient });
  assert.match(again.headers.get("location") ?? "", /^https:\/\/site\.example\.net\/cb\?code=/);
  // Another person at the same browser has approved nothing.
  server.upstream.account = { sub: "bob", email: "bob@example.com", email_verified: true };
  const bob = new UserAgent();
  await authorize(server, client, { agent: bob });
  server.upstream.account = { sub: "alice", email: "alice@example.com", email_verified: true };
  const refused = await bob.request(silent, { headers: byClient });
  assert.match(refused.headers.get("location") ?? "", /error=consent_required/);
});

test("D19 a remembered approval counts only where the client itself sent the browser here", async () => {
  const agent = new UserAgent();
  await authorize(server, site, { agent });
  const url = authorizationUrl(server, site);
  const referer = "https://site.example.net/";
  for (const headers of [
    {},
    { referer },
    { "sec-fetch-site": "none" },
    { "sec-fetch-site": "none", referer },
    { "sec-fetch-site": "cross-site" },
    // The client's page led here by way of another site, which may have written the request.
    { "sec-fetch-site": "cross-site", referer },
    { "sec-fetch-site": "same-origin" },
    { "sec-fetch-site": "same-origin", referer },
    { "sec-fetch-site": "same-site" },
    { "sec-fetch-site": "same-site", referer: "https://notes.example.net/" },
    { "sec-fetch-site": "same-site", referer: "https://site.example.net.evil.example/" },
    { "sec-fetch-site": "same-site", referer: "http://site.example.net/" },
    { "sec-fetch-site": "same-site", referer: "site.example.net" },
    { "sec-fetch-site": "a word of the future", referer },
  ]) {
    const response = await agent.request(url, { headers: headers as Record<string, string> });
    assert.match(response.headers.get("location") ?? "", /^\/consent\?/, JSON.stringify(headers));
    const silent = await agent.request(authorizationUrl(server, site, { prompt: "none" }), {
      headers: headers as Record<string, string>,
    });
    assert.equal(silent.headers.get("location"), null, JSON.stringify(headers));
  }
  const own = await agent.request(url, { headers: byClient });
  assert.match(own.headers.get("location") ?? "", /code=/);
});

test("D03 D16 the code exists only after the approval, once, in the browser that approved", async () => {
  const { agent, page } = await openConsentPage(server, client);
  const cookies = [...agent.cookiesOf(server.url)].map(([name, value]) => `${name}=${value}`).join("; ");
  const submit = () =>
    fetch(`${server.url}/consent`, {
      method: "POST",
      redirect: "manual",
      headers: { cookie: cookies },
      body: new URLSearchParams({ ...hiddenFields(page.html), decision: "approve" }),
    });
  const answers = await Promise.all([submit(), submit(), submit()]);
  const codes = answers.map((answer) =>
    new URL(answer.headers.get("location") ?? "").searchParams.get("code"),
  );
  assert.equal(new Set(codes).size, 1, "a double click is answered with the same code");
  assert.equal((await redeem(server, client, codes[0] ?? "")).status, 200);
  // The back button, once the code was used:
  assert.ok(isRefusal(await submit()));
});

test("D08 a GET grants nothing, and a POST needs this attempt's csrf value from our own page", async () => {
  const { agent, page } = await openConsentPage(server, client);
  const get = await agent.request(`${page.url.href}&decision=approve&csrf=${hiddenFields(page.html).csrf}`);
  assert.equal(get.status, 200);
  assert.ok(isRefusal(await decide(agent, page, { csrf: "" })));
  assert.ok(isRefusal(await decide(agent, page, { csrf: "A".repeat(43) })));
  const { agent: stranger, page: strangers } = await openConsentPage(server, client);
  assert.ok(isRefusal(await decide(agent, page, { csrf: hiddenFields(strangers.html).csrf ?? "" })));
  assert.ok(isRefusal(await decide(agent, page, {}, { origin: "https://evil.example" })));
  assert.ok(isRefusal(await decide(agent, page, {}, { "sec-fetch-site": "cross-site" })));
  assert.ok(isRefusal(await decide(stranger, page, {})));
  // After all of that the rightful page still works.
  assert.match((await decide(agent, page, {})).headers.get("location") ?? "", /code=/);
});

test("D09 D10 pages cannot be framed, run no script, and let the browser follow the redirect", async () => {
  const { agent, page } = await openConsentPage(server, client);
  const wrong = await agent.request(`${server.url}/authorize?client_id=nobody`);
  const home = await agent.request(`${server.url}/`);
  for (const { headers } of [page.response, wrong, home]) {
    const policy = headers.get("content-security-policy") ?? "";
    assert.match(policy, /frame-ancestors 'none'/);
    assert.match(policy, /default-src 'none'/);
    assert.doesNotMatch(policy, /unsafe-inline|unsafe-eval|script-src/);
    assert.equal(headers.get("x-frame-options"), "DENY");
  }
  assert.doesNotMatch(page.response.headers.get("content-security-policy") ?? "", /form-action/);
});

test("D11 a denial goes back to the client and leaves nothing that would skip the next question", async () => {
  const agent = new UserAgent();
  const end = await authorize(server, site, { agent, decision: "deny" });
  assert.equal(end.searchParams.get("error"), "access_denied");
  assert.equal(end.searchParams.get("iss"), server.issuer);
  assert.equal(end.searchParams.get("state"), "the-clients-state");
  server.upstream.account = { sub: "dora", email: "dora@example.com", email_verified: true };
  const dora = new UserAgent();
  await authorize(server, site, { agent: dora, decision: "deny" });
  server.upstream.account = { sub: "alice", email: "alice@example.com", email_verified: true };
  const again = await dora.request(authorizationUrl(server, site, { prompt: "none" }), { headers: byClient });
  assert.match(again.headers.get("location") ?? "", /error=consent_required/);
});

test("D12 D-n5 what is added to the form changes nothing of what was shown", async () => {
  const other = await aPublicClient(server);
  const { agent, page } = await openConsentPage(server, client, undefined, { scope: "notes:read" });
  const end = await agent.submit(
    page,
    {
      decision: "approve",
      client_id: other.id,
      redirect_uri: "https://evil.example/",
      scope: "notes:write",
      resource: "https://evil.example/",
    },
    atClient,
  );
  assert.ok(end.url.href.startsWith(client.redirectUri));
  const answer = await redeem(server, client, end.url.searchParams.get("code") ?? "");
  assert.equal(answer.body.scope, "notes:read");
  assert.equal((await introspect(server, String(answer.body.access_token))).aud, resource);
});

test("D13 no cookie records consent", async () => {
  const agent = new UserAgent();
  await authorize(server, site, { agent });
  assert.deepEqual([...agent.cookiesOf(server.url).keys()], ["gatehouse-session"]);
});

test("D14 a client on this computer is asked about every time", async () => {
  const agent = new UserAgent();
  await authorize(server, client, { agent });
  for (const headers of [byClient, { "sec-fetch-site": "none" }]) {
    const again = await agent.request(authorizationUrl(server, client), { headers });
    assert.match(again.headers.get("location") ?? "", /^\/consent\?/);
  }
});

test("D15 a wider scope, another resource or a changed client asks again", async (t) => {
  const agent = new UserAgent();
  const other = "https://calendar.example.com/mcp";
  await server.addResource(other);
  const changing = await aPublicClient(server, { redirect_uris: ["https://site.example.net/cb"] });
  await authorize(server, changing, { agent, parameters: { scope: "notes:read" } });
  const silently = async (parameters: Record<string, string>) => {
    const url = authorizationUrl(server, changing, { prompt: "none", ...parameters });
    const response = await agent.request(url, { headers: byClient });
    const location = new URL(response.headers.get("location") ?? "");
    return location.searchParams.get("error") ?? "code";
  };
  assert.equal(await silently({ scope: "notes:read" }), "code");
  assert.equal(await silently({ scope: "notes:read notes:write" }), "consent_required");
  assert.equal(await silently({ scope: "notes:read", resource: other }), "consent_required");
  const stored = await server.store.findClient(changing.id);
  assert.ok(stored);
  for (const change of [
    { metadata: { name: "Renamed" } },
    { redirectUris: [...stored.redirectUris, "https://new.example/"] },
  ]) {
    const changed = t.mock.method(server.store, "findClient", async () => ({ ...stored, ...change }));
    assert.equal(await silently({ scope: "notes:read" }), "consent_required", JSON.stringify(change));
    changed.mock.restore();
  }
  assert.equal(await silently({ scope: "notes:read" }), "code");
});

test("a website nobody vouches for is let in by two clicks in two places, not by one", async () => {
  const { agent, page } = await openConsentPage(server, site, undefined, { prompt: "consent" });
  for (const confirmed of ["", "no"]) {
    const again = await decide(agent, page, { confirmed });
    assert.match(again.headers.get("location") ?? "", /^\/consent\?transaction=/, "the page is shown again");
  }
  const { agent: other, page: denied } = await openConsentPage(server, site, undefined, {
    prompt: "consent",
  });
  const no = await decide(other, denied, { confirmed: "", decision: "deny" });
  assert.match(no.headers.get("location") ?? "", /error=access_denied/, "to say no is one");
  assert.match((await decide(agent, page, {})).headers.get("location") ?? "", /code=/);
});

test("D18 invented scopes replace nothing of what the client may do", async () => {
  const plain = "https://plain.example.com/mcp";
  await server.addResource(plain);
  const { page } = await openConsentPage(server, client, undefined, {
    resource: plain,
    scope: "see-only-your-public-name",
  });
  assert.match(page.html, /<li>Use this server as you<\/li>/);
  assert.match(
    page.html,
    /It also names <code>see-only-your-public-name<\/code>, which this page cannot explain/,
  );
  const many = Array.from({ length: 1500 }, (_, at) => `s${at}`).join(" ");
  const url = authorizationUrl(server, client, { resource: plain, scope: many });
  const refused = await new UserAgent().request(url);
  assert.match(refused.headers.get("location") ?? "", /error=invalid_scope/);
});

test("the person can switch to another account and goes on with the same request", async () => {
  const { agent, page } = await openConsentPage(server, client);
  server.upstream.account = { sub: "bob", email: "bob@example.com", email_verified: true };
  const again = await agent.submit(page, { decision: "switch_account" });
  server.upstream.account = { sub: "alice", email: "alice@example.com", email_verified: true };
  assert.match(again.html, /bob@example\.com/);
  const end = await agent.submit(again, { decision: "approve" }, atClient);
  const answer = await redeem(server, client, end.url.searchParams.get("code") ?? "");
  assert.equal((await introspect(server, String(answer.body.access_token))).username, "bob@example.com");
});

test("a first-party client of the operator is not asked about", async () => {
  const own: TestClient = {
    id: "own",
    redirectUri: "https://site.example.net/own",
    secret: "own-secret",
    ...pkce(),
  };
  await server.addClient({
    id: "own",
    secret: "own-secret",
    authMethod: "client_secret_basic",
    redirectUris: [own.redirectUri],
  });
  const end = await new UserAgent().follow(authorizationUrl(server, own), atClient);
  assert.equal((await redeem(server, own, end.url.searchParams.get("code") ?? "")).status, 200);
});
