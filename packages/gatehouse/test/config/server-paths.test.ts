import assert from "node:assert/strict";
import { test } from "node:test";
import { ownPaths } from "../../src/config/sections/server-checks.ts";
import { serverRoutes } from "../../src/http/routes.ts";
import type { AuthorizationServer } from "../../src/oauth/authorization-server.ts";
import { endpointUrls } from "../../src/oauth/messages/endpoint-urls.ts";
import { errorsOf } from "./config-file.ts";
import { oneLine, production, refused } from "./servers.ts";

test("no server stands where this one has a page of its own, and none where the resources: are", (t) => {
  const endpoints = new Proxy({}, { get: () => () => () => undefined }) as unknown as AuthorizationServer;
  for (const issuer of ["https://auth.example.com", "https://auth.example.com/below"]) {
    const { basePath } = endpointUrls(issuer);
    for (const { path } of serverRoutes(endpointUrls(issuer), endpoints, ["work"])) {
      if (path === "/" || path === `${basePath}/`) continue;
      const isOwn = [...ownPaths, ...ownPaths.map((own) => basePath + own), basePath].some(
        (own) => path === own || path.startsWith(`${own}/`),
      );
      assert.ok(isOwn, path);
    }
  }
  for (const path of [
    "/token",
    "/.well-known/x",
    "/below/authorize",
    "/below",
    "/mcp/",
    "/..",
    "/a/../b",
    "mcp",
  ]) {
    const errors = refused(t, `path: "${path}"`, { BASE_URL: "https://auth.example.com/below" });
    assert.equal(errors.length, 1, path);
  }
  const yaml = `resources:
  - { identifier: "https://auth.example.com/mcp", credential: gatehouse_rs_${"a".repeat(40)} }
servers:
  - { name: notes, upstream: "http://127.0.0.1:3000/mcp" }
`;
  assert.deepEqual(oneLine(errorsOf(t, yaml, production)), [
    "4:5 servers[0].path: the address https://auth.example.com/mcp",
  ]);
  assert.equal(refused(t, "host: notes.example.com", { BASE_URL: "http://localhost:8080" }).length, 1);
  assert.deepEqual(refused(t, "host: notes.localhost", { BASE_URL: "http://localhost:8080" }), []);
});
