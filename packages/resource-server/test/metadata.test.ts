import assert from "node:assert/strict";
import { request } from "node:http";
import { type TestContext, test } from "node:test";
import type { ProtectionOptions } from "../src/index.ts";
import { challengeOf } from "./support/challenge.ts";
import { metadataUrl, resource, startNotesServer } from "./support/notes-server.ts";

const offline = { issuer: "https://login.example.com", credential: "gatehouse_rs_credential" };

async function start(t: TestContext, options: Partial<ProtectionOptions> = {}) {
  const server = await startNotesServer(offline, options);
  t.after(server.close);
  return server;
}

test("U01 a client finds the metadata at both well-known places, with our resource and issuer to the letter", async (t) => {
  const server = await start(t, { requiredScopes: ["notes:read"], resourceName: "Notes" });
  for (const path of [new URL(metadataUrl).pathname, "/.well-known/oauth-protected-resource"]) {
    const response = await fetch(server.origin + path);
    assert.equal(response.status, 200);
    assert.match(response.headers.get("content-type") ?? "", /^application\/json/);
    assert.deepEqual(await response.json(), {
      resource,
      authorization_servers: [offline.issuer],
      bearer_methods_supported: ["header"],
      scopes_supported: ["notes:read"],
      resource_name: "Notes",
    });
  }
});

test("the metadata of a resource without path, or with a query, stand where RFC 9728 says", async (t) => {
  const bare = await start(t, { resource: "https://notes.example.com" });
  assert.equal((await fetch(`${bare.origin}/.well-known/oauth-protected-resource`)).status, 200);
  assert.equal(
    challengeOf(await bare.call()).resource_metadata,
    "https://notes.example.com/.well-known/oauth-protected-resource",
  );
  const tenant = await start(t, { resource: "https://notes.example.com/mcp?tenant=a" });
  assert.equal(challengeOf(await tenant.call()).resource_metadata, `${metadataUrl}?tenant=a`);
});

test("metadata can be read, not written", async (t) => {
  const server = await start(t);
  const posted = await fetch(`${server.origin}/.well-known/oauth-protected-resource`, { method: "POST" });
  assert.equal(posted.status, 405);
  assert.equal(posted.headers.get("allow"), "GET, HEAD, OPTIONS");
  const head = await fetch(`${server.origin}/.well-known/oauth-protected-resource`, { method: "HEAD" });
  assert.equal(head.status, 200);
});

test("U11 offline_access is asked for neither in metadata nor in challenges, challenges name the required scopes only", async (t) => {
  const server = await start(t, {
    scopes: ["notes:read", "notes:write", "offline_access"],
    requiredScopes: ["notes:read", "offline_access"],
  });
  const document = await (await fetch(`${server.origin}/.well-known/oauth-protected-resource`)).json();
  assert.ok(typeof document === "object" && document !== null && "scopes_supported" in document);
  assert.deepEqual(document.scopes_supported, ["notes:read", "notes:write"]);
  assert.deepEqual("bearer_methods_supported" in document && document.bearer_methods_supported, ["header"]);
  assert.equal(challengeOf(await server.call()).scope, "notes:read");
  assert.equal(challengeOf(await server.call("not a token")).scope, "notes:read");
});

test("U-n6 a request that lies about the host changes neither the metadata nor the challenge", async (t) => {
  const server = await start(t);
  const lies = { Host: "evil.test", "X-Forwarded-Host": "evil.test", Forwarded: "host=evil.test" };
  const document = await get(`${server.origin}/.well-known/oauth-protected-resource/mcp`, lies);
  assert.equal(document.status, 200);
  assert.equal(JSON.parse(document.body).resource, resource);
  assert.doesNotMatch(document.body, /evil/);
  const challenged = await get(`${server.origin}/mcp`, lies);
  assert.equal(challenged.status, 401);
  assert.equal(challenged.headers["www-authenticate"], `Bearer resource_metadata="${metadataUrl}"`);
});

test("a browser may read metadata and challenges from any origin, and is told so before it asks", async (t) => {
  const server = await start(t);
  const metadata = await fetch(`${server.origin}/.well-known/oauth-protected-resource`);
  assert.equal(metadata.headers.get("access-control-allow-origin"), "*");
  const challenged = await server.call();
  assert.equal(challenged.headers.get("access-control-allow-origin"), "*");
  assert.match(challenged.headers.get("access-control-expose-headers") ?? "", /WWW-Authenticate/);
  for (const path of ["/mcp", "/.well-known/oauth-protected-resource/mcp"]) {
    const preflight = await fetch(server.origin + path, {
      method: "OPTIONS",
      headers: {
        Origin: "http://localhost:6274",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,mcp-protocol-version",
      },
    });
    assert.equal(preflight.status, 204);
    const allowed = (preflight.headers.get("access-control-allow-headers") ?? "").toLowerCase().split(", ");
    for (const name of [
      "authorization",
      "content-type",
      "mcp-protocol-version",
      "mcp-session-id",
      "last-event-id",
    ]) {
      assert.ok(allowed.includes(name), name);
    }
    assert.match(preflight.headers.get("access-control-allow-methods") ?? "", /GET, POST, DELETE/);
  }
});

test("wrong options are refused at the start, by name and without their value", async () => {
  const mistakes: [string, Partial<ProtectionOptions>][] = [
    ["issuer", { issuer: "http://login.example.com" }],
    ["issuer", { issuer: "https://login.example.com/?tenant=a" }],
    ["issuer", { issuer: "login.example.com" }],
    ["resource", { resource: "/mcp" }],
    ["resource", { resource: `${resource}#fragment` }],
    ["credential", { credential: "" }],
    ["credential", { credential: "gatehouse_rs_secret\n" }],
    ["introspectionEndpoint", { introspectionEndpoint: "ftp://login.example.com/introspect" }],
    ["cacheSeconds", { cacheSeconds: 301 }],
    ["cacheSeconds", { cacheSeconds: Number.NaN }],
    ["timeoutSeconds", { timeoutSeconds: 0 }],
    ["requiredScopes", { requiredScopes: ["notes:read notes:write"] }],
    ["scopes", { scopes: ['notes"'] }],
  ];
  for (const [name, mistake] of mistakes) {
    await assert.rejects(
      startNotesServer(offline, mistake),
      (error: unknown) =>
        error instanceof TypeError &&
        error.message.startsWith(`protect(): ${name} must be `) &&
        !error.message.includes("secret"),
      name,
    );
  }
});

/** `fetch` would not send another `Host`. */
function get(url: string, headers: Record<string, string>) {
  return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: string }>(
    (resolve, reject) => {
      const sent = request(url, { headers }, async (response) => {
        let body = "";
        for await (const chunk of response) body += chunk;
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
      sent.on("error", reject).end();
    },
  );
}
