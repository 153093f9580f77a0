import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { aPublicClient, authorizationUrl, resource, type TestClient } from "../support/oauth-client.ts";
import { UserAgent } from "../support/user-agent.ts";

let server: TestGatehouse;
let client: TestClient;
before(async () => {
  server = await startTestGatehouse({ ALLOWED_DOMAINS: "corp.example" });
  await server.addResource(resource, { "notes:read": "Read your notes" });
  client = await aPublicClient(server);
});
after(() => server?.stop());

test("V07 of a client's request nothing goes to the provider: neither resource nor scope nor what nobody knows", async () => {
  const url = authorizationUrl(server, client, {
    resource,
    scope: "notes:read",
    acr_values: "the-clients-acr",
    claims: '{"id_token":{}}',
    login_hint: "ada@corp.example",
    domain_hint: "corp.example",
    unknown: "the-clients-own",
  });
  const { url: asked } = await new UserAgent().follow(
    url,
    ({ origin }) => origin === new URL(server.upstream.issuer).origin,
  );
  const ours = ["access_type", "client_id", "code_challenge", "code_challenge_method", "nonce", "prompt"];
  const sent = [...asked.searchParams.keys()].sort();
  assert.deepEqual(sent, [...ours, "redirect_uri", "response_type", "scope", "state"]);
  assert.equal(asked.searchParams.get("scope"), "openid email");
  assert.equal(asked.searchParams.get("client_id"), server.upstream.clientId);
  assert.doesNotMatch(asked.search, /notes|the-clients|corp\.example/);
});

test("V18 a proven address outside the provider's domains opens no account, no session and no consent", async () => {
  server.upstream.account = { sub: "eve", email: "eve@sub.corp.example", email_verified: true };
  const agent = new UserAgent();
  const atClient = ({ port }: URL) => port === "33418";
  const { html, response } = await agent.follow(authorizationUrl(server, client), atClient);
  assert.equal(response.status, 403);
  assert.match(html, /may not sign in here[\s\S]*eve@sub\.corp\.example/);
  assert.doesNotMatch(html, /value="approve"/);
  assert.deepEqual(await server.store.listAccounts(), []);
  assert.ok(![...agent.cookiesOf(server.url).keys()].some((name) => name.includes("session")));
  const failed = server.log.filter((line) => line.includes('"sign_in_denied"'));
  assert.match(failed.join(""), /"sub\.corp\.example\\", not one of ALLOWED_DOMAINS/);
  assert.ok(!server.log.some((line) => line.includes('"event":"sign_in"')));
});
