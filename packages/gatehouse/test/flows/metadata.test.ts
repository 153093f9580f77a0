import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { aSigningKey, asForm, claimsFor } from "../support/assertions.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  aCode,
  aPublicClient,
  authorizationUrl,
  authorize,
  pkce,
  post,
  redeem,
  resource,
} from "../support/oauth-client.ts";
import { rawGet } from "../support/raw-get.ts";
import { UserAgent } from "../support/user-agent.ts";

const wellKnown = "/.well-known/oauth-authorization-server";
let server: TestGatehouse;
/** Issuer with a path, behind a TLS-terminating proxy. */
let tenant: TestGatehouse;

before(async () => {
  server = await startTestGatehouse();
  await server.addResource(resource);
  tenant = await startTestGatehouse({ BASE_URL: "https://login.example.com/t1/" });
});
after(async () => {
  await server?.stop();
  await tenant?.stop();
});

const document = async (at: TestGatehouse, path: string) =>
  (await (await fetch(at.url + path)).json()) as Record<string, string & string[]>;

test("A01 the metadata is a JSON object for everybody", async () => {
  const response = await fetch(server.url + wellKnown);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "application/json");
  const body: unknown = await response.json();
  assert.ok(typeof body === "object" && body !== null && !Array.isArray(body));
});

test("A02 the issuer is the configured one to the letter, without a trailing slash", async () => {
  assert.equal((await document(server, wellKnown)).issuer, server.issuer);
  assert.equal((await document(tenant, `${wellKnown}/t1`)).issuer, "https://login.example.com/t1");
});

test("A03 an issuer with a path is described where the well-known segment comes first", async () => {
  const metadata = await document(tenant, `${wellKnown}/t1`);
  assert.equal(metadata.token_endpoint, "https://login.example.com/t1/token");
  assert.equal((await fetch(`${tenant.url}/t1/healthz`)).status, 200);
});

test("A05 A-n2 no other well-known path gets a document", async () => {
  for (const path of [`${wellKnown}/t1`, `${wellKnown}/`, `${wellKnown}/unknown`]) {
    assert.equal((await rawGet(server.url, path)).status, 404, path);
  }
  for (const suffix of ["", "/", "//t1", "/t2", "/T1", "/t1/", "/%2e%2e/t2", "/../t1", "/t1%2f", "/t1?x"]) {
    const { status, text } = await rawGet(tenant.url, wellKnown + suffix);
    if (suffix === "/t1?x") assert.equal(JSON.parse(text).issuer, "https://login.example.com/t1");
    else assert.equal(status, 404, suffix);
  }
});

test("A06 A07 A08 A12 the members clients start from are there and true", async () => {
  const metadata = await document(tenant, `${wellKnown}/t1`);
  for (const name of ["authorization", "token", "registration", "revocation", "introspection"]) {
    assert.match(String(metadata[`${name}_endpoint`]), /^https:\/\/login\.example\.com\/t1\/[a-z]+$/, name);
  }
  assert.deepEqual(metadata.response_types_supported, ["code"]);
  assert.deepEqual(metadata.code_challenge_methods_supported, ["S256"]);
  assert.deepEqual(metadata.grant_types_supported, ["authorization_code", "refresh_token"]);
  assert.deepEqual(metadata.scopes_supported, ["offline_access"]);
});

test("A09 every way of client authentication that is listed works, any other is refused", async () => {
  const metadata = await document(server, wellKnown);
  const secret = "a-secret";
  const open = await aPublicClient(server);
  const own = {
    id: "own",
    authMethod: "client_secret_basic",
    redirectUris: ["https://own.example/cb"],
  } as const;
  await server.addClient({ ...own, secret });
  const basic = `Basic ${Buffer.from(`${own.id}:${secret}`).toString("base64")}`;
  const ways: Record<string, [form: Record<string, string>, headers?: Record<string, string>]> = {
    none: [{ client_id: open.id }],
    client_secret_basic: [{}, { authorization: basic }],
    client_secret_post: [{ client_id: own.id, client_secret: secret }],
  };
  const signer = { id: "signer", authMethod: "private_key_jwt", redirectUris: own.redirectUris } as const;
  const key = await aSigningKey();
  await server.addClient({ ...signer, keys: { jwks: key.jwks } });
  const signed = async () => asForm(await key.sign(claimsFor(server, signer.id)));
  const listed = [...Object.keys(ways), "private_key_jwt"];
  assert.deepEqual(metadata.token_endpoint_auth_methods_supported, listed);
  assert.deepEqual(metadata.revocation_endpoint_auth_methods_supported, listed);
  for (const way of listed) {
    const [form, headers] = ways[way] ?? [await signed()];
    const code = { grant_type: "authorization_code", code: "unknown", code_verifier: open.verifier };
    const token = await post(server, "/token", { ...code, redirect_uri: open.redirectUri, ...form }, headers);
    assert.equal(token.body.error, "invalid_grant", `${way} gets as far as the code`);
    const again = ways[way] === undefined ? await signed() : form; // an assertion works once
    assert.equal((await post(server, "/revoke", { token: "unknown", ...again }, headers)).status, 200, way);
  }
  const assertion = {
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: "a.b.c",
  };
  for (const path of ["/token", "/revoke"]) {
    const form = { grant_type: "authorization_code", code: "unknown", token: "unknown" };
    const answer = await post(server, path, { ...form, client_id: own.id, ...assertion });
    assert.equal(answer.body.error, "invalid_client", path);
  }
  assert.deepEqual(metadata.introspection_endpoint_auth_methods_supported, [
    "client_secret_basic",
    "client_secret_post",
    "Bearer",
  ]);
  const bearer = `Bearer ${server.introspectionToken}`;
  assert.equal((await post(server, "/introspect", { token: "x" }, { authorization: bearer })).status, 200);
  for (const [form, headers] of Object.values(ways)) {
    assert.equal((await post(server, "/introspect", { token: "x", ...form }, headers)).status, 401);
  }
});

test("A11 answers name their issuer, and the metadata says so", async () => {
  const metadata: Record<string, unknown> = await document(server, wellKnown);
  assert.equal(metadata.authorization_response_iss_parameter_supported, true);
  const client = await aPublicClient(server);
  for (const decision of ["approve", "deny"] as const) {
    const answer = await authorize(server, client, { decision });
    assert.deepEqual(answer.searchParams.getAll("iss"), [metadata.issuer], decision);
  }
});

test("A13 nothing is promised that is not there", async () => {
  const metadata = await document(server, wellKnown);
  for (const absent of [
    "pushed_authorization_request_endpoint",
    "device_authorization_endpoint",
    "dpop_signing_alg_values_supported",
    "authorization_grant_profiles_supported",
    "jwks_uri",
  ]) {
    assert.ok(!(absent in metadata), absent);
  }
  assert.equal((await fetch(`${server.url}/.well-known/openid-configuration`)).status, 404);
  for (const [name, value] of Object.entries(metadata)) {
    assert.ok(value !== null && !(Array.isArray(value) && value.length === 0), name);
  }
});

test("A15 any origin may read the metadata, and a preflight allows mcp-protocol-version", async () => {
  const headers = {
    origin: "https://inspector.example",
    "access-control-request-headers": "mcp-protocol-version",
  };
  const get = await fetch(server.url + wellKnown, { headers });
  assert.equal(get.headers.get("access-control-allow-origin"), "*");
  const preflight = await fetch(server.url + wellKnown, { method: "OPTIONS", headers });
  assert.equal(preflight.status, 204);
  assert.match(preflight.headers.get("access-control-allow-headers") ?? "", /mcp-protocol-version/);
});

test("A16 LEGACY GET / authorizes, and the metadata may be kept for an hour", async () => {
  assert.equal((await fetch(server.url + wellKnown)).headers.get("cache-control"), "public, max-age=3600");
  const client = await aPublicClient(server);
  const url = new URL(authorizationUrl(server, client));
  url.pathname = "/";
  const { html } = await new UserAgent().follow(url.href);
  assert.match(html, /name="decision"/);
  assert.match((await new UserAgent().follow(`${server.url}/`)).html, /This server signs you in/);
  for (const path of ["/token", "/register", "/revoke", "/introspect"]) {
    assert.notEqual((await fetch(server.url + path, { method: "POST" })).status, 404, path);
  }
  assert.equal((await fetch(`${server.url}/callback`)).status, 400);
});

test("A17 the default paths of clients without metadata support work", async () => {
  const client = await aPublicClient(server); // POST /register
  assert.equal((await redeem(server, client, await aCode(server, client))).status, 200); // /authorize, /token
  // Below an issuer with a path they stand at the root as well; the metadata do not (A05).
  const authorization = await fetch(`${tenant.url}/authorize?client_id=nobody`);
  assert.equal(authorization.status, 400);
  assert.match(await authorization.text(), /unknown client_id/);
  assert.equal((await post(tenant, "/token", { grant_type: "x", client_id: "x" })).status, 400);
  const empty = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };
  assert.equal((await fetch(`${tenant.url}/register`, empty)).status, 400);
  assert.equal((await fetch(tenant.url + wellKnown)).status, 404);
  assert.equal((await fetch(`${tenant.url}/introspect`, { method: "POST" })).status, 404);
});

test("A-n1 what the request claims about host and scheme changes no URL", async () => {
  const forwarded = {
    host: "evil.example",
    "x-forwarded-host": "evil.example",
    "x-forwarded-proto": "http",
    forwarded: "host=evil.example",
  };
  const { text } = await rawGet(tenant.url, `${wellKnown}/t1`, forwarded);
  assert.equal(text, await (await fetch(`${tenant.url}${wellKnown}/t1`)).text());
  assert.doesNotMatch(text, /evil/);
});

test("A-n3 two installations name none of each other's endpoints and take none of each other's codes", async (t) => {
  const second = await startTestGatehouse();
  t.after(() => second.stop());
  const client = { id: "both", redirectUri: "https://both.example/cb", ...pkce() };
  for (const one of [server, second]) {
    await one.addClient({ id: client.id, authMethod: "none", redirectUris: [client.redirectUri] });
  }
  for (const [own, other] of [
    [server, second],
    [second, server],
  ] as const) {
    const document = await (await fetch(own.url + wellKnown)).text();
    assert.ok(document.includes(own.issuer) && !document.includes(other.issuer));
  }
  await second.addResource(resource);
  const code = await aCode(server, client);
  assert.equal((await redeem(second, client, code)).body.error, "invalid_grant");
  assert.equal((await redeem(server, client, code)).status, 200);
});

test("A-n4 no endpoint allows credentials across origins", async () => {
  for (const path of [
    wellKnown,
    "/token",
    "/register",
    "/introspect",
    "/revoke",
    "/authorize",
    "/consent",
    "/",
  ]) {
    for (const method of ["GET", "POST", "OPTIONS"]) {
      const response = await fetch(server.url + path, {
        method,
        headers: { origin: "https://evil.example", cookie: "a=b" },
        redirect: "manual",
      });
      assert.equal(response.headers.get("access-control-allow-credentials"), null, `${method} ${path}`);
    }
  }
});

test("A-n5 what is not advertised is refused", async () => {
  const client = await aPublicClient(server);
  const assertion = {
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: "a.b.c",
  };
  const withAssertion = await post(server, "/token", {
    grant_type: "authorization_code",
    client_id: client.id,
    code: "x",
    ...assertion,
  });
  assert.equal(withAssertion.body.error, "invalid_client");
  const password = await post(server, "/token", {
    grant_type: "password",
    client_id: client.id,
    username: "a",
    password: "b",
  });
  assert.equal(password.body.error, "unsupported_grant_type");
  const implicit = await new UserAgent().request(
    authorizationUrl(server, client, { response_type: "token" }),
  );
  assert.match(implicit.headers.get("location") ?? "", /\?error=unsupported_response_type&/);
});
