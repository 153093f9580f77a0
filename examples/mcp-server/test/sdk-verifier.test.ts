import assert from "node:assert/strict";
import { createServer } from "node:http";
import { type TestContext, test } from "node:test";
import { createVerifier } from "@gatehouse/resource-server";
import { InvalidTokenError } from "@modelcontextprotocol/sdk/server/auth/errors.js";
import { requireBearerAuth } from "@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js";
import express from "express";
import { AuthorizationServer } from "../../../packages/resource-server/test/support/authorization-server.ts";
import { challengeOf } from "../../../packages/resource-server/test/support/challenge.ts";

const resource = "https://notes.example.com/mcp";
const resourceMetadataUrl = "https://notes.example.com/.well-known/oauth-protected-resource/mcp";
const exp = Math.floor(Date.now() / 1000) + 3600;

/** A server that is protected by the SDK's own middleware, with our verifier in it. */
async function start(t: TestContext) {
  const authorizationServer = await AuthorizationServer.start();
  t.after(authorizationServer.close);
  const { issuer, credential } = authorizationServer;
  const failures: Error[] = [];
  const onFailure = (error: Error) => void failures.push(error);
  const verifier = createVerifier({ issuer, resource, credential, InvalidTokenError, onFailure });
  const app = express();
  app.use(requireBearerAuth({ verifier, requiredScopes: ["mcp"], resourceMetadataUrl }));
  app.get("/", (request, response) => void response.json(request.auth));
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const call = (token: string) =>
    fetch(`http://127.0.0.1:${port}/`, { headers: { Authorization: `Bearer ${token}` } });
  return { authorizationServer, call, failures };
}

test("the SDK's requireBearerAuth lets a good token pass, with what is known of the caller", async (t) => {
  const { authorizationServer, call } = await start(t);
  const facts = {
    active: true,
    aud: resource,
    client_id: "agent",
    sub: "s",
    username: "a@example.com",
    scope: "mcp",
    exp,
  };
  authorizationServer.tokens.set("alice", facts);
  const response = await call("alice");
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), {
    token: "alice",
    clientId: "agent",
    scopes: ["mcp"],
    expiresAt: exp,
    resource,
    resourceMetadataUrl,
    extra: { subject: "s", username: "a@example.com" },
  });
});

test("the SDK answers 401 for a bad token or another's, 403 for too little scope, and 500 when nobody can be asked", async (t) => {
  const { authorizationServer, call, failures } = await start(t);
  const unknown = await call("unknown");
  assert.equal(unknown.status, 401);
  assert.equal(challengeOf(unknown).error, "invalid_token");
  assert.equal(challengeOf(unknown).resource_metadata, resourceMetadataUrl);

  authorizationServer.tokens.set("foreign", {
    active: true,
    aud: "https://mail.example.com",
    scope: "mcp",
    exp,
  });
  assert.equal((await call("foreign")).status, 401);
  authorizationServer.tokens.set("poor", { active: true, aud: resource, scope: "other", exp });
  assert.equal((await call("poor")).status, 403);

  assert.equal(failures.length, 0);
  await authorizationServer.close();
  assert.equal((await call("alice")).status, 500);
  assert.equal(failures.length, 1);
});
