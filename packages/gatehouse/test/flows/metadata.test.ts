import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, test } from "node:test";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { aCode, aPublicClient, authorizationUrl, redeem, resource } from "../support/oauth-client.ts";
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

/** A request to exactly this path and host, which fetch would normalise. */
function rawGet(
  url: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    request({ hostname, port, path, headers, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    })
      .on("error", reject)
      .end();
  });
}

test("A01 the metadata is a JSON object for everybody", async () => {
  const response = await fetch(server.url + wellKnown);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "application/json");
  assert.equal(typeof (await response.json()), "object");
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

test("A06 A07 A08 A09 A12 the members clients start from are there and true", async () => {
  const metadata = await document(tenant, `${wellKnown}/t1`);
  for (const name of ["authorization", "token", "registration", "revocation", "introspection"]) {
    assert.match(String(metadata[`${name}_endpoint`]), /^https:\/\/login\.example\.com\/t1\/[a-z]+$/, name);
  }
  assert.deepEqual(metadata.response_types_supported, ["code"]);
  assert.deepEqual(metadata.code_challenge_methods_supported, ["S256"]);
  assert.deepEqual(metadata.grant_types_supported, ["authorization_code", "refresh_token"]);
  for (const endpoint of ["token", "revocation"]) {
    assert.deepEqual(metadata[`${endpoint}_endpoint_auth_methods_supported`], [
      "none",
      "client_secret_basic",
      "client_secret_post",
    ]);
  }
  assert.deepEqual(metadata.introspection_endpoint_auth_methods_supported, ["Bearer"]);
  assert.deepEqual(metadata.scopes_supported, ["offline_access"]);
});

test("A11 answers name their issuer, and the metadata says so", async () => {
  assert.equal(
    (await document(server, wellKnown)).authorization_response_iss_parameter_supported,
    true as never,
  );
});

test("A13 nothing is promised that is not there", async () => {
  const metadata = await document(server, wellKnown);
  for (const absent of [
    "pushed_authorization_request_endpoint",
    "device_authorization_endpoint",
    "dpop_signing_alg_values_supported",
    "authorization_grant_profiles_supported",
    "client_id_metadata_document_supported",
    "jwks_uri",
    "token_endpoint_auth_signing_alg_values_supported",
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
});

test("A17 the default paths of clients without metadata support work", async () => {
  const client = await aPublicClient(server); // POST /register
  assert.equal((await redeem(server, client, await aCode(server, client))).status, 200); // /authorize, /token
});
