import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { ProtectionOptions } from "../src/index.ts";
import { adapters } from "./support/adapters.ts";
import { AuthorizationServer } from "./support/authorization-server.ts";
import { resource, startNotesServer } from "./support/notes-server.ts";

const root = "/.well-known/oauth-authorization-server";
const places = [root, `${root}/mcp`, `/mcp${root}`];

async function start(t: TestContext, options: Partial<ProtectionOptions> = {}, issuerPath = "") {
  const authorizationServer = await AuthorizationServer.start(issuerPath);
  t.after(authorizationServer.close);
  const server = await startNotesServer(authorizationServer, {
    authorizationServerMetadata: true,
    ...options,
  });
  t.after(server.close);
  const looks = () => authorizationServer.seen.filter(({ method }) => method === "GET").length;
  return { authorizationServer, server, looks };
}

for (const [name, startAdapter] of Object.entries(adapters)) {
  test(`${name}: a client that looks only here finds the issuer's metadata`, async (t) => {
    const { issuer, credential, close, metadata } = await AuthorizationServer.start();
    t.after(close);
    Object.assign(metadata, { scopes_supported: ["notes:read"] });
    const server = await startAdapter({ issuer, resource, credential, authorizationServerMetadata: true });
    t.after(server.close);
    for (const path of places) {
      const response = await fetch(server.origin + path);
      assert.equal(response.status, 200, path);
      assert.equal(response.headers.get("access-control-allow-origin"), "*");
      assert.match(response.headers.get("content-type") ?? "", /^application\/json/);
      const introspection_endpoint = `${issuer}/introspect`;
      assert.deepEqual(await response.json(), {
        issuer,
        introspection_endpoint,
        scopes_supported: ["notes:read"],
      });
      const head = await fetch(server.origin + path, { method: "HEAD" });
      assert.equal(head.status, 200);
      assert.equal(await head.text(), "");
      assert.equal((await fetch(server.origin + path, { method: "POST" })).status, 405);
      assert.equal((await fetch(server.origin + path, { method: "OPTIONS" })).status, 204);
    }
    for (const path of places.map((place) =>
      place.replace("oauth-authorization-server", "openid-configuration"),
    )) {
      const response = await fetch(server.origin + path);
      assert.equal(response.status, 404, path);
      assert.equal(response.headers.get("access-control-allow-origin"), "*");
    }
  });
}

test("nothing is repeated unless it is asked for", async (t) => {
  const { server, looks } = await start(t, { authorizationServerMetadata: false });
  for (const path of places) assert.equal((await fetch(server.origin + path)).status, 401);
  assert.equal(looks(), 0);
});

test("a resource without path has one place, an issuer with one is fetched where it stands", async (t) => {
  const { authorizationServer, server } = await start(
    t,
    { resource: "https://notes.example.com/" },
    "/login",
  );
  const response = await fetch(server.origin + root);
  assert.equal(((await response.json()) as { issuer: unknown }).issuer, authorizationServer.issuer);
  assert.equal((await fetch(`${server.origin}${root}/mcp`)).status, 401);
});

test("the copy is fetched once for all who ask at once, and is never older than five minutes", async (t) => {
  const { authorizationServer, server, looks } = await start(t);
  const scopes = async () => {
    const response = await fetch(server.origin + root);
    return ((await response.json()) as { scopes_supported?: unknown }).scopes_supported;
  };
  await Promise.all(Array.from({ length: 20 }, scopes));
  assert.equal(looks(), 1);
  authorizationServer.metadata = { scopes_supported: ["new"] };
  server.clock.advance(299);
  assert.equal(await scopes(), undefined);
  server.clock.advance(1);
  assert.deepEqual(await scopes(), ["new"]);
  assert.equal(looks(), 2);
});

test("metadata that cannot be had, or are somebody else's, are not repeated; mended ones are, at once", async (t) => {
  const { authorizationServer, server } = await start(t);
  authorizationServer.metadata = { issuer: "https://login.evil.test" };
  const refused = await fetch(server.origin + root);
  assert.equal(refused.status, 503);
  assert.ok(Number(refused.headers.get("retry-after")) > 0);
  assert.equal(refused.headers.get("access-control-allow-origin"), "*");
  assert.match(server.failures.join(), /evil/);

  authorizationServer.metadata = {};
  assert.equal((await fetch(server.origin + root)).status, 200);
  server.clock.advance(300);
  await authorizationServer.close();
  assert.equal((await fetch(server.origin + root)).status, 503, "an old copy is worse than none");
});

test("the copy says nothing of requests: a lie about the host changes nothing", async (t) => {
  const { authorizationServer, server } = await start(t);
  const response = await fetch(server.origin + root, { headers: { "X-Forwarded-Host": "evil.test" } });
  const text = await response.text();
  assert.ok(text.includes(`"issuer":"${authorizationServer.issuer}"`));
  assert.doesNotMatch(text, /evil/);
});
