import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { AuthorizationServer } from "./support/authorization-server.ts";
import { challengeOf } from "./support/challenge.ts";
import { mcpServers } from "./support/mcp-servers.ts";
import { aliceMay, metadataUrl, resource, StandingClock } from "./support/notes-server.ts";

for (const [name, start] of Object.entries(mcpServers)) {
  test(`${name}: a tool learns who calls it, and without a token nobody reaches one`, async (t) => {
    const authorizationServer = await AuthorizationServer.start();
    t.after(authorizationServer.close);
    const { issuer, credential, tokens } = authorizationServer;
    tokens.set("alice", aliceMay("notes:read"));
    const { now } = new StandingClock();
    const server = await start({ issuer, resource, credential, clock: () => now });
    t.after(server.close);

    const client = await connect(t, `${server.origin}/mcp`, "alice");
    const { content } = await client.callTool({ name: "whoami", arguments: {} });
    assert.match(JSON.stringify(content), /subject-of-alice/);

    const anonymous = await fetch(`${server.origin}/mcp`, { method: "POST", body: "{}" });
    assert.equal(anonymous.status, 401);
    assert.equal(challengeOf(anonymous).resource_metadata, metadataUrl);
    await assert.rejects(connect(t, `${server.origin}/mcp`, "unknown"), /401|Unauthorized|invalid_token/);

    const browser = await fetch(`${server.origin}/mcp`, {
      method: "POST",
      headers: { Authorization: "Bearer alice", "Content-Type": "application/json" },
      body: "{}",
    });
    assert.equal(browser.headers.get("access-control-allow-origin"), "*", "whatever the transport answers");
  });
}

for (const name of ["Hono, SDK v2", "fetch, SDK v2"]) {
  test(`${name}: the SDK's own scope challenge names our metadata and all scopes needed`, async (t) => {
    const authorizationServer = await AuthorizationServer.start();
    t.after(authorizationServer.close);
    const { issuer, credential, tokens } = authorizationServer;
    tokens.set("alice", aliceMay("notes:read"));
    tokens.set("writer", aliceMay("notes:write"));
    const { now } = new StandingClock();
    const implies = { "notes:write": ["notes:read"] };
    const server = await mcpServers[name]?.({ issuer, resource, credential, implies, clock: () => now });
    assert.ok(server);
    t.after(server.close);

    const refused = await fetch(`${server.origin}/mcp`, {
      method: "POST",
      headers: {
        Authorization: "Bearer alice",
        Accept: "application/json, text/event-stream",
        "Content-Type": "application/json",
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "write" } }),
    });
    assert.equal(refused.status, 403);
    const { error, scope, resource_metadata } = challengeOf(refused);
    assert.deepEqual(
      { error, scope, resource_metadata },
      { error: "insufficient_scope", scope: "notes:read notes:write", resource_metadata: metadataUrl },
    );
    const client = await connect(t, `${server.origin}/mcp`, "writer");
    const { content } = await client.callTool({ name: "write", arguments: {} });
    assert.match(JSON.stringify(content), /written/);
  });
}

/** The official SDK's client, with a token it already has. */
async function connect(t: TestContext, url: string, token: string): Promise<Client> {
  const client = new Client({ name: "test", version: "1" });
  t.after(() => client.close());
  const requestInit = { headers: { Authorization: `Bearer ${token}` } };
  const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit });
  // The SDK's own declarations disagree under exactOptionalPropertyTypes.
  await client.connect(transport as Parameters<Client["connect"]>[0]);
  return client;
}
