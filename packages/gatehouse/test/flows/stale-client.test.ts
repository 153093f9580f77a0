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

const open = async (
  redirectUri: string,
  parameters: Record<string, string | undefined> = {},
  at = server,
) => {
  const agent = new UserAgent();
  const client = { id: "dyn_gone-for-long", redirectUri, ...pkce() };
  const { html, response } = await agent.follow(authorizationUrl(at, client, parameters));
  assert.equal(agent.visited.length, 1, "nobody is redirected anywhere");
  assert.equal(response.status, 400);
  assert.doesNotMatch(html, /Error 400|<p class="step">/, "no page begins with a number");
  return html;
};
const appsOf = (html: string) => [...html.matchAll(/<h2>If it is ([^<]*)<\/h2>/g)].map(([, app]) => app);

test("an unknown client is called by its name only where nobody else can be it", async () => {
  for (const [redirectUri, name, step] of [
    ["https://claude.ai/api/mcp/auth_callback", "Claude", "Connectors"],
    ["cursor://anysphere.cursor-mcp/oauth/callback", "Cursor", "log out of this server"],
    ["https://vscode.dev/redirect", "Visual Studio Code", "Remove Dynamic Authentication Providers"],
    ["https://chatgpt.com/connector/oauth/abc", "ChatGPT", "create it again"],
  ] as const) {
    const html = await open(redirectUri);
    assert.match(html, new RegExp(`<h1>This server does not know this ${name} any more</h1>`), redirectUri);
    assert.ok(html.includes(step), `${redirectUri}: ${step}`);
    assert.deepEqual(appsOf(html), []);
  }
  for (const redirectUri of ["https://unheard-of.example/cb", "https://evil.example/oauth/callback/debug"]) {
    const html = await open(redirectUri);
    assert.match(html, /<h1>This server does not know the app<\/h1>/);
    assert.deepEqual(appsOf(html), [], redirectUri);
  }
});

test("programs that share the shape of their addresses each get their own advice, and none its title", async () => {
  for (const [redirectUri, apps] of [
    ["http://localhost:3118/callback", ["Claude Code"]],
    ["http://127.0.0.1:41123/callback/8f3a", ["Codex"]],
    ["http://127.0.0.1:41123/callback", ["Codex"]],
    ["http://127.0.0.1:33418/", ["Visual Studio Code"]],
    ["http://127.0.0.1:19876/mcp/oauth/callback", ["OpenCode"]],
    ["http://localhost:6274/oauth/callback", ["MCP Inspector", "Gemini CLI", "mcp-remote"]],
    ["http://localhost:7777/oauth/callback", ["MCP Inspector", "Gemini CLI", "mcp-remote"]],
    ["http://localhost:51234/oauth/callback", ["MCP Inspector", "Gemini CLI", "mcp-remote"]],
    ["http://127.0.0.1:9696/oauth/callback", ["MCP Inspector", "mcp-remote"]],
    ["http://localhost:8787/callback", ["Claude Code", "Cursor"]],
  ] as const) {
    const html = await open(redirectUri);
    assert.match(html, /<h1>This server does not know the app<\/h1>/, redirectUri);
    assert.deepEqual(appsOf(html), apps, redirectUri);
  }
  const html = await open("http://localhost:51234/oauth/callback");
  for (const step of ["Clear stored OAuth state", "/mcp auth NAME", "rm -rf ~/.mcp-auth"]) {
    assert.ok(html.includes(step), step);
  }
});

test("commands hold the MCP server's address where it is one set up here, and no stranger's", async () => {
  const command = (html: string) => /--transport http NAME ([^<]*)</.exec(html)?.[1];
  const claudeCode = "http://localhost:3118/callback";
  assert.equal(command(await open(claudeCode)), resource);
  assert.equal(command(await open(claudeCode, { resource: "https://NOTES.example.com/mcp" })), resource);
  for (const address of [
    undefined,
    "https://evil.example/mcp",
    "x; rm -rf ~",
    "https://notes.example.com/mcp#x",
  ]) {
    assert.equal(command(await open(claudeCode, { resource: address })), "ADDRESS", String(address));
  }
  const awkward = "https://notes.example.com/mcp?a='&b=$(id)";
  await server.addResource(awkward);
  const html = await open(claudeCode, { resource: awkward });
  assert.equal(command(html), "&#39;https://notes.example.com/mcp?a=&#39;\\&#39;&#39;&amp;b=$(id)&#39;");
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
