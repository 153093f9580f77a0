import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { decide, isRefusal } from "../support/consent-form.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  aPublicClient,
  authorizationUrl,
  authorize,
  openConsentPage,
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

/** What a browser says of a navigation that a page of the client began, on a server of the same site. */
const byClient = { "sec-fetch-site": "same-site", referer: "https://site.example.net/" };

test("D-n2 a cookie planted before the approval does not let its planter finish", async () => {
  const { agent: attacker, page } = await openConsentPage(server, client);
  server.upstream.account = { sub: "victim", email: "victim@example.com", email_verified: true };
  const victim = new UserAgent();
  await authorize(server, client, { agent: victim });
  server.upstream.account = { sub: "alice", email: "alice@example.com", email_verified: true };
  for (const [name, value] of attacker.cookiesOf(server.url)) {
    if (name !== "gatehouse-session") victim.setCookie(server.url, name, value);
  }
  assert.ok(isRefusal(await decide(victim, page, {})));
});

test("D-n3 a framed or overlaid page cannot be approved without its csrf value", async () => {
  const { agent, page } = await openConsentPage(server, client);
  const { transaction } = hiddenFields(page.html);
  const body = new URLSearchParams({ transaction: transaction ?? "", decision: "approve" });
  const response = await agent.request(`${server.url}/consent`, { method: "POST", body });
  assert.ok(isRefusal(response));
  assert.match(page.response.headers.get("content-security-policy") ?? "", /frame-ancestors 'none'/);
});

test("D-n6 one person's page cannot be answered in another person's session", async () => {
  const { agent, page } = await openConsentPage(server, client);
  server.upstream.account = { sub: "bob", email: "bob@example.com", email_verified: true };
  await authorize(server, client, { agent, parameters: { prompt: "login" } });
  server.upstream.account = { sub: "alice", email: "alice@example.com", email_verified: true };
  assert.ok(isRefusal(await decide(agent, page, {})));
});

test("D-n7 a client that copies a trusted one's name and address gets its own question", async () => {
  const agent = new UserAgent();
  await authorize(server, site, { agent });
  const clone = await aPublicClient(server, {
    client_name: "Site",
    redirect_uris: ["https://site.example.net/cb"],
  });
  const response = await agent.request(authorizationUrl(server, clone), { headers: byClient });
  assert.match(response.headers.get("location") ?? "", /^\/consent\?/);
});

test("S-n6 after signing out, the open consent page is worth nothing", async () => {
  const { agent, page } = await openConsentPage(server, client);
  assert.equal(page.response.headers.get("cache-control"), "no-store");
  const home = await agent.follow(`${server.url}/`);
  assert.equal((await agent.submit(home, {})).response.headers.get("cache-control"), "no-store");
  assert.equal((await agent.request(page.url.href)).status, 400);
  assert.ok(isRefusal(await decide(agent, page, {})));
});
