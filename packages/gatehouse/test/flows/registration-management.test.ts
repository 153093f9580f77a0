import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  type Answer,
  aCode,
  authorizationUrl,
  openConsentPage,
  pkce,
  post,
  postBody,
  read,
  redeem,
  refresh,
  resource,
  type TestClient,
  tokensFor,
} from "../support/oauth-client.ts";
import { UserAgent } from "../support/user-agent.ts";

let server: TestGatehouse;
before(async () => {
  server = await startTestGatehouse();
  await server.addResource(resource);
});
after(() => server?.stop());

const redirectUri = "https://connector.example.com/cb";
const metadata = {
  client_name: "Connector",
  redirect_uris: [redirectUri],
  grant_types: ["authorization_code", "refresh_token"],
  token_endpoint_auth_method: "client_secret_post",
};

/** What a client keeps of its registration. */
interface Registered {
  readonly client: TestClient;
  readonly uri: string;
  readonly token: string;
  readonly body: Readonly<Record<string, unknown>>;
}

async function register(over: Record<string, unknown> = {}): Promise<Registered> {
  const sent = JSON.stringify({ ...metadata, ...over });
  const { status, body } = await postBody(server, "/register", sent, "application/json");
  assert.equal(status, 201, JSON.stringify(body));
  const secret = body.client_secret === undefined ? {} : { secret: String(body.client_secret) };
  return {
    client: { id: String(body.client_id), redirectUri, ...secret, ...pkce() },
    uri: String(body.registration_client_uri),
    token: String(body.registration_access_token),
    body,
  };
}

async function manage(method: string, uri: string, token: string, body?: unknown): Promise<Answer> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  return read(
    await fetch(uri, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }),
  );
}

test("H16 a client reads its registration where the answer said, with the token it got", async () => {
  const { uri, token, body } = await register();
  const answer = await manage("GET", uri, token);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("cache-control"), "no-store");
  const { client_secret: _secret, ...rest } = body;
  assert.deepEqual(answer.body, rest);
});

test("H17 without the right token nothing is told, changed or removed", async () => {
  const [one, other] = [await register(), await register()];
  const unknown = new URL(one.uri);
  unknown.searchParams.set("client_id", "dyn_nobody");
  for (const method of ["GET", "PUT", "DELETE"]) {
    for (const [uri, token] of [
      [one.uri, "wrong"],
      [one.uri, other.token],
      [unknown.href, one.token],
      [one.uri, one.client.secret ?? ""],
    ] as const) {
      const answer = await manage(method, uri, token, method === "PUT" ? metadata : undefined);
      assert.equal(answer.status, 401);
      assert.match(answer.headers.get("www-authenticate") ?? "", /^Bearer /);
    }
  }
  assert.equal((await fetch(one.uri)).status, 401);
  assert.equal((await manage("GET", one.uri, one.token)).status, 200);
  assert.equal((await fetch(one.uri, { method: "POST" })).headers.get("allow"), "GET, PUT, DELETE");
});

test("H18 an update replaces everything, by the rules of a registration", async () => {
  const { client, uri, token } = await register({ client_uri: "https://connector.example.com/" });
  const identity = { client_id: client.id };
  const changed = { ...metadata, ...identity, client_name: "Renamed", client_secret: client.secret };
  const answer = await manage("PUT", uri, token, changed);
  assert.equal(answer.status, 200);
  assert.equal(answer.body.client_name, "Renamed");
  assert.equal("client_uri" in answer.body, false, "what is left out is reset");
  assert.deepEqual((await manage("GET", uri, token)).body, answer.body);
  const tokens = await tokensFor(server, client);
  for (const [refused, error] of [
    [{ ...changed, client_id: "dyn_other" }, "invalid_client_metadata"],
    [metadata, "invalid_client_metadata"],
    [{ ...changed, client_secret: "another" }, "invalid_client_metadata"],
    [{ ...changed, registration_access_token: token }, "invalid_client_metadata"],
    [{ ...changed, client_id_issued_at: 1 }, "invalid_client_metadata"],
    [{ ...changed, token_endpoint_auth_method: "none" }, "invalid_client_metadata"],
    [{ ...changed, redirect_uris: ["javascript:alert(1)"] }, "invalid_redirect_uri"],
  ] as const) {
    const { status, body } = await manage("PUT", uri, token, refused);
    assert.deepEqual([status, body.error], [400, error], JSON.stringify(refused));
  }
  assert.deepEqual((await manage("GET", uri, token)).body, answer.body);
  assert.equal((await refresh(server, client, tokens.refresh_token)).status, 200);
  const moved = "https://moved.example.com/cb";
  await manage("PUT", uri, token, { ...changed, redirect_uris: [moved] });
  assert.match((await new UserAgent().follow(authorizationUrl(server, client))).html, /unknown address/);
});

test("H19 removing a registration ends all that came of it", async () => {
  const { client, uri, token } = await register();
  const tokens = await tokensFor(server, client);
  const code = await aCode(server, client);
  assert.equal((await manage("DELETE", uri, token)).status, 204);
  assert.equal((await manage("GET", uri, token)).status, 401);
  assert.equal((await redeem(server, client, code)).body.error, "invalid_client");
  assert.equal((await refresh(server, client, tokens.refresh_token)).body.error, "invalid_client");
  const asked = { token: tokens.access_token };
  const authorization = `Bearer ${server.introspectionToken}`;
  assert.deepEqual((await post(server, "/introspect", asked, { authorization })).body, { active: false });
});

test("H-n5 a registration token rules its own registration only, and a moved redirect URI is asked about anew", async () => {
  const [victim, attacker] = [await register(), await register()];
  const stolen = { ...metadata, client_id: victim.client.id };
  assert.equal((await manage("PUT", victim.uri, attacker.token, stolen)).status, 401);
  const agent = new UserAgent();
  const { page } = await openConsentPage(server, attacker.client, agent);
  const isCallback = (url: URL) => url.host === "connector.example.com";
  await agent.submit(page, { decision: "approve" }, isCallback);
  const both = [redirectUri, "https://attacker.example/cb"];
  const moved = { ...metadata, client_id: attacker.client.id, redirect_uris: both };
  assert.equal((await manage("PUT", attacker.uri, attacker.token, moved)).status, 200);
  const again = await agent.follow(authorizationUrl(server, attacker.client), isCallback);
  assert.match(again.html, /name="decision"/);
});

test("who is alone with a public registration may change and remove it, who shares one may only read it", async () => {
  const open = { token_endpoint_auth_method: "none", client_name: "Shared" };
  const first = await register(open);
  const sent = { ...metadata, ...open, client_id: first.client.id };
  assert.equal((await manage("PUT", first.uri, first.token, { ...sent, client_name: "Mine" })).status, 200);
  const second = await register(open);
  assert.notEqual(second.client.id, first.client.id, "nobody is given a record that says something else");
  const [alone, joining] = [
    await register({ ...open, client_name: "X" }),
    await register({ ...open, client_name: "X" }),
  ];
  assert.equal(joining.client.id, alone.client.id);
  for (const { uri, token } of [alone, joining]) {
    assert.equal((await manage("GET", uri, token)).status, 200);
    const takeOver = { ...sent, client_id: alone.client.id, redirect_uris: ["https://attacker.example/cb"] };
    assert.equal((await manage("PUT", uri, token, takeOver)).status, 403);
    assert.equal((await manage("DELETE", uri, token)).status, 403);
  }
  assert.equal((await manage("DELETE", first.uri, first.token)).status, 204);
});
