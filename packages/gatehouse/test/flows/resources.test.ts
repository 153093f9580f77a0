import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { canonicalResource } from "../../src/oauth/resource.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  aCode,
  aPublicClient,
  authorizationUrl,
  introspect,
  redeem,
  refresh,
  resource,
  type TestClient,
  tokensFor,
} from "../support/oauth-client.ts";
import { aKnownClient } from "../support/provisioned-clients.ts";
import { UserAgent } from "../support/user-agent.ts";

const other = "https://other.example.com/mcp";
let server: TestGatehouse;
let client: TestClient;
before(async () => {
  server = await startTestGatehouse({ DEFAULT_RESOURCE: resource });
  await server.addResource(resource);
  await server.addResource(other);
  client = await aKnownClient(server, "http://127.0.0.1:33418/callback");
});
after(() => server?.stop());

async function errorFor(resources: readonly string[], at = server, by = client): Promise<string | null> {
  const url = new URL(authorizationUrl(at, by, { resource: undefined }));
  for (const value of resources) url.searchParams.append("resource", value);
  const response = await new UserAgent().request(url.href);
  const location = response.headers.get("location");
  return location === null ? `page ${response.status}` : new URL(location).searchParams.get("error");
}

test("L02 L-n1 L-n2 a resource nobody configured is refused, at authorize and for the code", async () => {
  const code = await aCode(server, client);
  for (const wanted of [
    "https://unknown.example.com/mcp",
    "https://notes.example.com.evil.tld/mcp",
    "https://notes.example.com@evil.example/mcp",
    "https://notes.example.com/mcp/../admin",
    "https://notes.example.com/mcpX",
    "https://notes.example.com/",
    "https://notes.example.com/mcp#f",
    "http://notes.example.com/mcp",
    "javascript:alert(1)",
    "urn:example:mcp",
    "notes",
    `https://notes.example.com/${"a".repeat(8000)}`,
  ]) {
    assert.equal(await errorFor([wanted]), "invalid_target", wanted.slice(0, 80));
    const form = { resource: wanted };
    assert.equal(
      (await redeem(server, client, code, form)).body.error,
      "invalid_target",
      wanted.slice(0, 80),
    );
  }
});

test("L03 of several resources none is silently picked", async () => {
  assert.equal(await errorFor([resource, other]), "invalid_target");
  assert.equal(await errorFor([other, resource]), "invalid_target");
  assert.equal(await errorFor([resource, "https://unknown.example.com"]), "invalid_target");
  assert.equal(await errorFor([resource, "https://NOTES.example.com/mcp"]), null, "the same one twice");
});

test("L04 L-n5 a client that names no resource gets the default, and no other at the token endpoint", async () => {
  const code = await aCode(server, client, { resource: undefined });
  const refused = await redeem(server, client, code, { resource: other });
  assert.equal(refused.body.error, "invalid_target");
  const answer = await redeem(server, client, code);
  assert.equal((await introspect(server, String(answer.body.access_token))).aud, resource);
});

test("the only resource there is, is the default", async (t) => {
  const single = await startTestGatehouse();
  t.after(() => single.stop());
  await single.addResource(resource);
  const its = await aPublicClient(single);
  const { access_token } = await tokensFor(single, its, { resource: undefined });
  assert.equal((await introspect(single, access_token)).aud, resource);
});

test("as long as none is configured any safe resource will do, and then none but those", async (t) => {
  const empty = await startTestGatehouse();
  t.after(() => empty.stop());
  const its = await aPublicClient(empty);
  const { access_token } = await tokensFor(empty, its, {
    resource: "http://localhost:8081/mcp",
    scope: "a b",
  });
  const body = await introspect(empty, access_token);
  assert.equal(body.aud, "http://localhost:8081/mcp");
  assert.equal(body.scope, "a b");
  assert.equal(await errorFor(["http://internal.example/mcp"], empty, its), "invalid_target");
  await empty.addResource(resource);
  assert.equal(await errorFor(["http://localhost:8081/mcp"], empty, its), "invalid_target");
});

test("L05 every token of an MCP client has the granted resource as audience, and without one there is no token", async (t) => {
  const { access_token } = await tokensFor(server, client, { resource: other });
  assert.equal((await introspect(server, access_token)).aud, other);
  const empty = await startTestGatehouse();
  t.after(() => empty.stop());
  const its = await aPublicClient(empty);
  assert.equal(await errorFor([], empty, its), "invalid_target");
});

test("L-n3 a code for one resource is refused for another and stays good for its own", async () => {
  const code = await aCode(server, client);
  assert.equal((await redeem(server, client, code, { resource: other })).body.error, "invalid_target");
  assert.equal((await redeem(server, client, code, { resource })).status, 200);
});

test("L-n4 a token replayed at another MCP server is nothing there", async () => {
  const othersCredential = await server.addResource("https://replayed-at.example.com/mcp");
  const { access_token } = await tokensFor(server, client);
  assert.deepEqual(await introspect(server, access_token, othersCredential), { active: false });
});

test("once a resource is removed its tokens are inactive for whoever asks, and neither refresh nor code brings another", async () => {
  const removed = "https://removed.example.com/mcp";
  const own = await server.addResource(removed);
  const its = await aPublicClient(server);
  const tokens = await tokensFor(server, its, { resource: removed });
  const elsewhere = await tokensFor(server, its, { resource: other });
  const code = await aCode(server, its, { resource: removed });
  assert.equal((await introspect(server, tokens.access_token, own)).active, true);

  assert.deepEqual(await server.store.removeResource(canonicalResource(removed)), { grants: 1 });
  const rest = await server.addResource("https://rest.example.com/mcp");
  for (const credential of [server.introspectionToken, rest]) {
    assert.deepEqual(await introspect(server, tokens.access_token, credential), { active: false });
  }
  assert.equal((await refresh(server, its, tokens.refresh_token)).body.error, "invalid_grant");
  assert.equal((await redeem(server, its, code)).body.error, "invalid_grant");
  assert.equal(await errorFor([removed], server, its), "invalid_target");
  assert.equal((await refresh(server, its, elsewhere.refresh_token)).status, 200);
});
