import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { getRequestListener } from "@hono/node-server";
import { requireBearerAuth as requireBearerAuthV2 } from "@modelcontextprotocol/express";
import { InvalidTokenError } from "@modelcontextprotocol/sdk/server/auth/errors.js";
import { requireBearerAuth as requireBearerAuthV1 } from "@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js";
import { OAuthError, requireBearerAuth as requireBearerAuthFetch } from "@modelcontextprotocol/server";
import express, { type RequestHandler } from "express";
import { createVerifier, type ProtectionOptions } from "../src/index.ts";
import { AuthorizationServer } from "./support/authorization-server.ts";
import { challengeOf } from "./support/challenge.ts";
import { type Listening, listen } from "./support/listening.ts";
import { resource, metadataUrl as resourceMetadataUrl } from "./support/notes-server.ts";

const requiredScopes = ["mcp"];
// The SDK looks at the real clock.
const exp = Math.floor(Date.now() / 1000) + 3600;
const facts = { active: true, aud: resource, client_id: "agent", sub: "s", username: "a@example.com", exp };

/**
 * The official SDK's own middleware, with our verifier in it. It answers with what is known of the caller.
 */
const middlewares: Readonly<Record<string, (options: ProtectionOptions) => Promise<Listening>>> = {
  "SDK v1 on Express": (options) => {
    const verifier = createVerifier({ ...options, InvalidTokenError });
    return onExpress(requireBearerAuthV1({ verifier, requiredScopes, resourceMetadataUrl }));
  },
  "SDK v2 on Express": (options) => {
    const verifier = createVerifier({ ...options, OAuthError });
    const expectedResource = new URL(resource);
    return onExpress(
      requireBearerAuthV2({ verifier, requiredScopes, resourceMetadataUrl, expectedResource }),
    );
  },
  "SDK v2 on fetch": (options) => {
    const verifier = createVerifier({ ...options, OAuthError });
    const gate = requireBearerAuthFetch({ verifier, requiredScopes, resourceMetadataUrl });
    const handle = async (request: Request) => {
      const auth = await gate(request);
      return auth instanceof Response ? auth : Response.json(auth);
    };
    return listen(getRequestListener(handle));
  },
};

function onExpress(middleware: RequestHandler): Promise<Listening> {
  const app = express();
  app.use(middleware);
  app.get("/", (request, response) => void response.json(request.auth));
  return listen(app);
}

for (const [name, begin] of Object.entries(middlewares)) {
  test(`${name}: requireBearerAuth lets a good token pass, with what is known of the caller`, async (t) => {
    const { authorizationServer, call } = await start(t, begin);
    authorizationServer.tokens.set("alice", { ...facts, scope: "mcp" });
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

  test(`${name}: 401 for a bad token or another's, 403 for too little scope, 500 when nobody can be asked`, async (t) => {
    const { authorizationServer, call, failures } = await start(t, begin);
    authorizationServer.tokens.set("foreign", { ...facts, aud: "https://mail.example.com", scope: "mcp" });
    for (const token of ["unknown", "foreign"]) {
      const response = await call(token);
      assert.equal(response.status, 401, token);
      const { error, resource_metadata } = challengeOf(response);
      assert.deepEqual(
        { error, resource_metadata },
        { error: "invalid_token", resource_metadata: resourceMetadataUrl },
      );
    }
    authorizationServer.tokens.set("poor", { ...facts, scope: "other" });
    const poor = await call("poor");
    assert.equal(poor.status, 403);
    assert.equal(challengeOf(poor).error, "insufficient_scope");

    assert.match(
      failures.join(),
      /^Error: every token is refused: [^,]*, and [^,]* knows it as [^,]*mail\.example/,
    );
    await authorizationServer.close();
    assert.equal((await call("alice")).status, 500);
    assert.equal(failures.length, 2);
  });
}

async function start(t: TestContext, begin: (typeof middlewares)[string]) {
  const authorizationServer = await AuthorizationServer.start();
  t.after(authorizationServer.close);
  const { issuer, credential } = authorizationServer;
  const failures: Error[] = [];
  const onFailure = (error: Error) => void failures.push(error);
  const { origin, close } = await begin({ issuer, resource, credential, onFailure });
  t.after(close);
  const call = (token: string) => fetch(origin, { headers: { Authorization: `Bearer ${token}` } });
  return { authorizationServer, call, failures };
}
