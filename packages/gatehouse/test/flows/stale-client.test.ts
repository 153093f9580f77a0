import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { seconds } from "../../src/oauth/values.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  aPublicClient,
  authorizationUrl,
  pkce,
  post,
  refresh,
  resource,
  tokensFor,
} from "../support/oauth-client.ts";
import { UserAgent } from "../support/user-agent.ts";

let server: TestGatehouse;
before(async () => {
  server = await startTestGatehouse();
  await server.addResource(resource);
});
after(() => server?.stop());

const open = async (redirectUri: string, id = "dyn_gone-for-long") => {
  const agent = new UserAgent();
  const { html, response } = await agent.follow(authorizationUrl(server, { id, redirectUri, ...pkce() }));
  assert.equal(agent.visited.length, 1, "nobody is redirected anywhere");
  assert.equal(response.status, 400);
  return html;
};

test("an unknown client is told apart by where it wants the answer, and the person learns how to reset it", async () => {
  for (const [redirectUri, name, step] of [
    ["http://localhost:3118/callback", "Claude Code", "claude mcp remove"],
    ["https://claude.ai/api/mcp/auth_callback", "Claude", "Connectors"],
    ["http://127.0.0.1:41123/callback/8f3a", "Codex", "codex mcp logout"],
    ["http://127.0.0.1:41123/callback", "Codex", "codex mcp logout"],
    ["cursor://anysphere.cursor-mcp/oauth/callback", "Cursor", "log out of this server"],
    ["https://vscode.dev/redirect", "Visual Studio Code", "Remove Dynamic Authentication Providers"],
    ["http://127.0.0.1:33418/", "Visual Studio Code", "Remove Dynamic Authentication Providers"],
    ["https://chatgpt.com/connector/oauth/abc", "ChatGPT", "create it again"],
    ["http://localhost:6274/oauth/callback", "MCP Inspector", "Clear OAuth State"],
    ["http://localhost:7777/oauth/callback", "Gemini CLI", "/mcp auth"],
    ["http://localhost:9696/oauth/callback", "mcp-remote", "rm -rf ~/.mcp-auth"],
    ["http://127.0.0.1:19876/mcp/oauth/callback", "OpenCode", "opencode mcp logout"],
  ] as const) {
    const html = await open(redirectUri);
    assert.match(html, new RegExp(`does not know this ${name} any more`), redirectUri);
    assert.ok(html.includes(step), `${redirectUri}: ${step}`);
  }
  assert.match(await open("https://unheard-of.example/cb"), /This server does not know the app/);
});

test("the token endpoint tells a removed client so in JSON, and registering again lets it go on", async () => {
  const client = await aPublicClient(server);
  const tokens = await tokensFor(server, client);
  await server.store.removeClient(client.id);
  const answer = await refresh(server, client, tokens.refresh_token);
  assert.deepEqual([answer.status, answer.body.error], [401, "invalid_client"]);
  assert.match(answer.headers.get("www-authenticate") ?? "", /^Basic/);
  assert.equal((await post(server, "/revoke", { client_id: client.id, token: "x" })).status, 401);
  assert.ok((await tokensFor(server, await aPublicClient(server))).access_token);
});

test("a client with a live grant is never cleaned away, however long it has not registered or signed in", async () => {
  const client = await aPublicClient(server);
  let { refresh_token } = await tokensFor(server, client);
  for (let month = 0; month < 5; month++) {
    server.clock.advance(29 * 86_400);
    await server.store.sweep(server.clock.now(), 1000, seconds(90 * 86_400));
    const answer = await refresh(server, client, refresh_token);
    assert.equal(answer.status, 200, `month ${month}`);
    refresh_token = String(answer.body.refresh_token);
  }
});
