import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { keySetDocument } from "../../src/oauth/clients/metadata-document.ts";
import { OAuthError } from "../../src/oauth/messages/errors.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  aPublicClient,
  authorizationUrl,
  introspect,
  pkce,
  post,
  postBody,
  redeem,
  resource,
  type TestClient,
  tokensFor,
} from "../support/oauth-client.ts";
import { isRefused } from "../support/refusals.ts";
import { UserAgent } from "../support/user-agent.ts";

let server: TestGatehouse;
before(async () => {
  server = await startTestGatehouse();
  await server.addResource(resource, { "notes:read": "Read your notes" });
});
after(() => server?.stop());

const good = "https://app.example.com/cb";
const send = (body: string, type = "application/json", at = server) => postBody(at, "/register", body, type);
const register = (metadata: unknown, at = server) => send(JSON.stringify(metadata), undefined, at);

test("H01 registration is a POST of a JSON object", async () => {
  await isRefused(send("redirect_uris=x", "application/x-www-form-urlencoded"), "invalid_client_metadata");
  for (const body of ["{", "[]", "null", '"x"', "1", ""])
    await isRefused(send(body), "invalid_client_metadata", body);
  const get = await fetch(`${server.url}/register`);
  assert.equal(get.status, 405);
  assert.equal(get.headers.get("allow"), "POST");
});

test("H02 the answer is 201 with an id and all that was registered, nothing empty", async () => {
  const metadata = {
    client_name: "Notebook",
    client_uri: "https://app.example.com/",
    policy_uri: "https://app.example.com/privacy",
    tos_uri: "",
    logo_uri: "",
    contacts: ["dev@example.com"],
    software_id: "2e6dc280-f3c3-4e01-99a7-8181dbd1d23d",
    software_version: "1.2",
    redirect_uris: [good, "http://localhost:33418/cb"],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
    scope: "notes:read offline_access",
  };
  const answer = await register(metadata);
  assert.equal(answer.status, 201);
  assert.equal(answer.headers.get("cache-control"), "no-store");
  const { client_id, client_id_issued_at, registration_access_token, registration_client_uri, ...rest } =
    answer.body;
  assert.ok(client_id && registration_access_token && registration_client_uri);
  assert.equal(client_id_issued_at, server.clock.now());
  const { tos_uri: _terms, logo_uri: _logo, ...echoed } = metadata;
  assert.deepEqual(rest, { ...echoed, application_type: "native" });
});

test("H04 a secret is given to those who authenticate by one, with its expiry, and to no others", async () => {
  for (const token_endpoint_auth_method of ["client_secret_basic", "client_secret_post"]) {
    const { body } = await register({ redirect_uris: [good], token_endpoint_auth_method });
    assert.match(String(body.client_secret), /^gatehouse_cs_[A-Za-z0-9_-]{43}$/);
    assert.equal(body.client_secret_expires_at, 0);
    assert.equal(body.token_endpoint_auth_method, token_endpoint_auth_method);
    const again = await register({ redirect_uris: [good], token_endpoint_auth_method });
    assert.notEqual(again.body.client_id, body.client_id);
  }
  const jwks = { keys: [{ kty: "EC", crv: "P-256", x: "x", y: "y" }] };
  for (const metadata of [
    { token_endpoint_auth_method: "none" },
    { token_endpoint_auth_method: "private_key_jwt", jwks },
  ]) {
    const { body } = await register({ redirect_uris: [good], ...metadata });
    assert.equal("client_secret" in body || "client_secret_expires_at" in body, false);
  }
});

test("a client that registered a secret signs in with PKCE and its secret, by either method", async () => {
  for (const token_endpoint_auth_method of ["client_secret_basic", "client_secret_post"]) {
    const { body } = await register({
      redirect_uris: [good],
      token_endpoint_auth_method,
      grant_types: ["authorization_code", "refresh_token"],
    });
    const [id, secret] = [String(body.client_id), String(body.client_secret)];
    const client: TestClient = { id, secret, redirectUri: good, ...pkce() };
    const { html } = await new UserAgent().follow(
      authorizationUrl(server, client, { code_challenge: undefined, code_challenge_method: undefined }),
    );
    assert.match(html, /PKCE is required/, "the rules of the old web client are not for strangers");
    const byPost = await tokensFor(server, client);
    const authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`;
    const refreshToken = byPost.refresh_token;
    const form = { grant_type: "refresh_token", refresh_token: refreshToken };
    assert.equal((await post(server, "/token", { ...form, client_id: id })).body.error, "invalid_client");
    assert.equal((await post(server, "/token", form, { authorization })).status, 200);
  }
});

test("identical public registrations share one record, whatever the port of their loopback address", async () => {
  const metadata = (port: number, client_name = "Many") => ({
    client_name,
    redirect_uris: [`http://127.0.0.1:${port}/callback`, good],
    token_endpoint_auth_method: "none",
  });
  const before = (await server.store.listClients()).length;
  const answers = await Promise.all([4001, 4002, 4003].map((port) => register(metadata(port))));
  assert.equal(new Set(answers.map(({ body }) => body.client_id)).size, 1);
  assert.deepEqual(
    answers.map(({ body }) => body.redirect_uris),
    [4001, 4002, 4003].map((port) => metadata(port).redirect_uris),
  );
  assert.notEqual((await register(metadata(4001, "Other"))).body.client_id, answers[0]?.body.client_id);
  assert.equal((await server.store.listClients()).length, before + 2);
  const id = String(answers[0]?.body.client_id);
  const client = { id, redirectUri: "http://127.0.0.1:4002/callback", ...pkce() };
  assert.ok((await tokensFor(server, client)).access_token);
});

test("H03 what is left out gets its default, and what is replaced is said", async () => {
  const { body } = await register({ redirect_uris: [good] });
  assert.deepEqual(body.grant_types, ["authorization_code"]);
  assert.deepEqual(body.response_types, ["code"]);
  assert.equal(body.token_endpoint_auth_method, "client_secret_basic");
  assert.equal(body.application_type, "web");
});

test("H05 without a redirect URI there is no client", async () => {
  for (const redirect_uris of [undefined, [], "https://h/", [1], [null], {}]) {
    await isRefused(register({ redirect_uris }), "invalid_redirect_uri", JSON.stringify(redirect_uris));
  }
});

test("H06 H-n1 H-n2 one bad redirect URI refuses the whole, is named, and nothing is stored", async () => {
  const before = (await server.store.listClients()).length;
  for (const bad of [
    "javascript:alert(1)",
    "data:text/html,x",
    "https://*.evil.example/",
    "https://u:p@h/",
    "http://127.0.0.1.evil.example/",
    "http://localhost@evil.example/",
    "//h/cb",
    "https://h/cb#f",
    "http://app.example.com/cb",
    "/cb",
  ]) {
    const answer = await register({ redirect_uris: [good, bad] });
    await isRefused(Promise.resolve(answer), "invalid_redirect_uri", bad);
    assert.ok(String(answer.body.error_description).startsWith(bad.slice(0, 10)), bad);
  }
  assert.equal((await server.store.listClients()).length, before);
});

test("H07 a loopback or app redirect makes a native client, said or not", async () => {
  for (const application_type of [undefined, "native", "web"]) {
    const answer = await register({
      redirect_uris: ["http://127.0.0.1/cb", "cursor://anysphere.cursor-mcp/oauth/callback"],
      application_type,
    });
    assert.equal(answer.status, 201);
    assert.equal(answer.body.application_type, application_type ?? "native");
  }
  assert.equal((await register({ redirect_uris: [good] })).body.application_type, "web");
});

test("H08 grant and response types that contradict each other are refused", async () => {
  await isRefused(
    register({ redirect_uris: [good], grant_types: ["refresh_token"], response_types: ["code"] }),
    "invalid_client_metadata",
  );
  await isRefused(register({ redirect_uris: [good], response_types: ["token"] }), "invalid_client_metadata");
});

test("H09 unsupported types are dropped, shown, and what is shown is what holds", async () => {
  const metadata = {
    grant_types: ["authorization_code", "urn:ietf:params:oauth:grant-type:device_code"],
    response_types: ["code", "token"],
  };
  const client = await aPublicClient(server, metadata);
  const answer = await register({ redirect_uris: [good], ...metadata });
  assert.deepEqual(answer.body.grant_types, ["authorization_code"]);
  assert.deepEqual(answer.body.response_types, ["code"]);
  const refused = await post(server, "/token", {
    grant_type: "refresh_token",
    client_id: client.id,
    refresh_token: "x",
  });
  assert.equal(refused.body.error, "unauthorized_client");
});

test("H10 unknown members do no harm", async () => {
  const unknown = `"client_name#fr":"Carnet","resource":"x","dpop_bound_access_tokens":true,"__proto__":{"a":1}`;
  const answer = await send(`{"redirect_uris":["${good}"],${unknown}}`);
  assert.equal(answer.status, 201);
  assert.equal("a" in answer.body, false);
});

test("H11 keys are public, from one place, and there when they are needed", async () => {
  const key = { kty: "EC", crv: "P-256", x: "x", y: "y" };
  const method = { token_endpoint_auth_method: "private_key_jwt" };
  const jwks_uri = "https://app.example.com/jwks";
  for (const metadata of [
    { ...method, jwks: { keys: [key] }, jwks_uri },
    { ...method, jwks: { keys: [{ ...key, d: "secret" }] } },
    { ...method, jwks: { keys: [{ kty: "oct", k: "secret" }] } },
    method,
  ]) {
    await isRefused(
      register({ redirect_uris: [good], ...metadata }),
      "invalid_client_metadata",
      JSON.stringify(metadata),
    );
  }
  for (const keys of [{ jwks: { keys: [key] } }, { jwks_uri }]) {
    const { status, body } = await register({ redirect_uris: [good], ...method, ...keys });
    assert.equal(status, 201);
    assert.equal(body.token_endpoint_auth_method, "private_key_jwt");
    assert.deepEqual(
      { jwks: body.jwks, jwks_uri: body.jwks_uri },
      { jwks: undefined, jwks_uri: undefined, ...keys },
    );
  }
});

test("Q13 keys that would take long to verify with are refused, in a registration as in a document", async () => {
  const method = { token_endpoint_auth_method: "private_key_jwt", redirect_uris: [good] };
  const rsa = (bits: number) => ({
    kty: "RSA",
    e: "AQAB",
    n: Buffer.alloc(bits / 8, 0xc5).toString("base64url"),
  });
  const small = { kty: "EC", crv: "P-256", x: "x", y: "y" };
  for (const [keys, why] of [
    [[rsa(16_384)], /jwks\.keys\.0: must be an RSA key of at most 4096 bits/],
    [[small, rsa(4104)], /jwks\.keys\.1: must be an RSA key of at most 4096 bits/],
    [[{ ...rsa(2048), e: "A".repeat(300) }], /usual exponent/],
    [Array.from({ length: 11 }, () => small), /jwks\.keys/],
  ] as const) {
    const { status, body } = await register({ ...method, jwks: { keys } });
    assert.deepEqual([status, body.error], [400, "invalid_client_metadata"]);
    assert.match(String(body.error_description), why);
    assert.throws(() => keySetDocument.read({ keys }, "https://app.example.com/jwks"), OAuthError);
  }
  for (const keys of [[rsa(4096)], Array.from({ length: 10 }, () => small)]) {
    assert.equal((await register({ ...method, jwks: { keys } })).status, 201);
  }
});

test("H12 H-n6 a client cannot choose its own id, nor anything else we decide", async () => {
  const existing = await aPublicClient(server);
  const resourceCredential = await server.addResource("https://subjects.example.com/mcp");
  const tokens = await tokensFor(server, existing, { resource: "https://subjects.example.com/mcp" });
  const person = await introspect(server, tokens.access_token, resourceCredential);
  for (const client_id of [existing.id, String(person.sub), "https://evil.example/client"]) {
    const chosen = { client_id, client_secret: "s", client_id_issued_at: 1, registration_access_token: "t" };
    const { body } = await register({ redirect_uris: [good], ...chosen });
    assert.match(String(body.client_id), /^dyn_[A-Za-z0-9_-]{22}$/);
    assert.notEqual(body.client_id, client_id);
    assert.notEqual(body.client_secret, "s");
    assert.notEqual(body.registration_access_token, "t");
    assert.equal(body.client_id_issued_at, server.clock.now());
  }
  const unchanged = (await server.store.listClients()).find(({ id }) => id === existing.id);
  assert.deepEqual(unchanged?.redirectUris, ["http://127.0.0.1/callback"]);
});

test("H13 links are https, and everything is bounded", async () => {
  for (const name of ["logo_uri", "client_uri", "tos_uri", "policy_uri", "jwks_uri"]) {
    for (const value of ["http://h/", "javascript:alert(1)", "x", `https://h/${"a".repeat(3000)}`]) {
      await isRefused(
        register({ redirect_uris: [good], [name]: value }),
        "invalid_client_metadata",
        `${name} ${value.slice(0, 30)}`,
      );
    }
  }
  const many = Array.from({ length: 21 }, (_, at) => `https://app.example.com/${at}`);
  await isRefused(register({ redirect_uris: many }), "invalid_redirect_uri");
  await isRefused(register({ redirect_uris: [`https://h/${"a".repeat(2048)}`] }), "invalid_redirect_uri");
  assert.equal((await register({ redirect_uris: [good], client_name: "x".repeat(70_000) })).status, 413);
  const long = await register({ redirect_uris: [good], client_name: "x".repeat(10_000) });
  assert.equal(String(long.body.client_name).length, 200);
});

test("H14 H-n7 registration is open, and a flood of it is slowed and bounded", async (t) => {
  const limited = await startTestGatehouse({ RATE_LIMITS: "on" });
  t.after(() => limited.stop());
  const answers = await Promise.all(
    Array.from({ length: 340 }, () => register({ redirect_uris: [good] }, limited)),
  );
  const statuses = answers.map(({ status }) => status);
  assert.equal(statuses.filter((status) => status === 201).length, 300);
  const refused = answers.find(({ status }) => status === 429);
  assert.match(refused?.headers.get("retry-after") ?? "", /^\d+$/);
  assert.equal((await limited.store.listClients()).length, 300);
  const million = `{"redirect_uris":[${'"https://h/",'.repeat(400_000)}"https://h/"]}`;
  assert.equal((await send(million)).status, 413);
});

test("H21 what a client says of itself is bounded, whatever the shape of the bytes", async () => {
  const uri = (length: number) => `https://app.example.com/${"a".repeat(length)}`;
  const rsa = { kty: "RSA", e: "AQAB", n: "A".repeat(342) };
  for (const large of [
    { redirect_uris: [uri(1900), uri(1901), uri(1902)] },
    { redirect_uris: [good], contacts: Array.from({ length: 50 }, () => "ü".repeat(100)) },
    { redirect_uris: [good], client_uri: uri(2000), policy_uri: uri(2000), tos_uri: uri(2000) },
    {
      redirect_uris: [good],
      token_endpoint_auth_method: "private_key_jwt",
      jwks: { keys: [{ ...rsa, x5c: ["A".repeat(6000)] }] },
    },
  ]) {
    const { status, body } = await register(large);
    assert.deepEqual(
      [status, body.error],
      [400, "invalid_client_metadata"],
      JSON.stringify(large).slice(0, 80),
    );
    assert.match(String(body.error_description), /has \d{4,5} bytes, at most 5120 are kept/);
  }
  const redirect_uris = Array.from({ length: 20 }, (_, at) => `${uri(80)}/${at}`);
  const jwks = { keys: [rsa, rsa] };
  const busy = {
    redirect_uris,
    jwks,
    token_endpoint_auth_method: "private_key_jwt",
    client_name: "ü".repeat(200),
  };
  assert.equal((await register(busy)).status, 201, "as much as real ones say");
});

test("an address with too many registrations that nobody used has to wait, and gets in once there is room", async (t) => {
  const isFull = t.mock.method(server.store, "makeRoom", async () => false);
  let answer = await register({ redirect_uris: [good] });
  for (let more = 0; more < 500 && answer.status === 201; more++)
    answer = await register({ redirect_uris: [good] });
  assert.deepEqual([answer.status, answer.body.error], [429, "slow_down"]);
  assert.match(answer.headers.get("retry-after") ?? "", /^\d+$/);
  assert.match(String(answer.body.error_description), /never used/);
  assert.equal((await register({ redirect_uris: [good] })).status, 429, "from then on each is looked at");
  isFull.mock.restore();
  assert.equal((await register({ redirect_uris: [good] })).status, 201);
});

test("H15 H-n3 registering asks for no privilege that it gets", async () => {
  const asked = {
    grant_types: ["authorization_code", "client_credentials", "urn:ietf:params:oauth:grant-type:jwt-bearer"],
    scope: "admin notes:read",
  };
  const { body } = await register({ redirect_uris: [good], ...asked });
  assert.deepEqual(body.grant_types, ["authorization_code"]);
  assert.equal(body.scope, "notes:read");
  await isRefused(
    register({ redirect_uris: [good], grant_types: ["client_credentials"] }),
    "invalid_client_metadata",
  );
  const client = await aPublicClient(server, asked);
  const tokens = await tokensFor(server, client, { scope: "admin notes:read" });
  assert.equal((await introspect(server, tokens.access_token)).scope, "notes:read");
});

test("what registers is what authorizes: one rule for both", async () => {
  for (const uri of [
    "cursor://anysphere.cursor-mcp/oauth/callback",
    "http://localhost:33418/",
    "http://[::1]:9/cb",
    "com.example.app:/cb",
    good,
  ]) {
    const client = await aPublicClient(server, { redirect_uris: [uri] });
    const { html } = await new UserAgent().follow(authorizationUrl(server, client));
    assert.match(html, /name="decision"/, uri);
  }
});

test("a client without a refresh grant is told no scope it cannot have", async () => {
  const client = await aPublicClient(server, { grant_types: ["authorization_code"] });
  const agent = new UserAgent();
  const page = await agent.follow(authorizationUrl(server, client));
  assert.doesNotMatch(page.html, /Stay connected/);
  const end = await agent.submit(page, { decision: "approve" }, (url) => url.port === "33418");
  assert.equal(
    (await redeem(server, client, end.url.searchParams.get("code") ?? "")).body.scope,
    "notes:read",
  );
});
