import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  aCode,
  introspect,
  pkce,
  redeem,
  resource,
  type TestClient,
  tokensFor,
} from "../support/oauth-client.ts";

const other = "https://other.example.com/mcp";
let server: TestGatehouse;
let client: TestClient;
before(async () => {
  server = await startTestGatehouse({ DEFAULT_RESOURCE: resource });
  await server.addResource(resource);
  await server.addResource(other);
  client = { id: "known", redirectUri: "http://127.0.0.1:33418/callback", ...pkce() };
  await server.addClient({ id: client.id, authMethod: "none", redirectUris: [client.redirectUri] });
});
after(() => server?.stop());

test("L-n3 a code for one resource is refused for another and stays good for its own", async () => {
  const code = await aCode(server, client);
  assert.equal((await redeem(server, client, code, { resource: other })).body.error, "invalid_target");
  assert.equal((await redeem(server, client, code, { resource })).status, 200);
});

test("L-n4 a token replayed at another MCP server is nothing there", async () => {
  const othersCredential = await server.addResource("https://replayed-at.example.com/mcp");
  const { access_token } = await tokensFor(server, client);
  assert.deepEqual(await introspect(server, access_token, othersCredential), { active: false });
});
