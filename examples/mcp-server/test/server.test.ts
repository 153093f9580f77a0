import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { AuthorizationServer } from "../../../packages/resource-server/test/support/authorization-server.ts";
import { challengeOf } from "../../../packages/resource-server/test/support/challenge.ts";
import { type ExampleServer, startExampleServer } from "../src/server.ts";

const resource = "http://localhost:8081/mcp";

let authorizationServer: AuthorizationServer;
let example: ExampleServer;
before(async () => {
  authorizationServer = await AuthorizationServer.start();
  const { issuer, credential } = authorizationServer;
  example = await startExampleServer({ issuer, resource, credential, port: 0, host: "127.0.0.1" });
});
after(async () => {
  await example?.close();
  await authorizationServer?.close();
});

/** A token as the authorization server would know it. */
function issueToken(person: string, scope = "mcp"): string {
  const token = `token-of-${person}-${scope}`;
  authorizationServer.tokens.set(token, {
    active: true,
    aud: resource,
    client_id: "agent-7",
    sub: `subject-of-${person}`,
    username: `${person}@example.com`,
    scope,
    exp: Math.floor(Date.now() / 1000) + 3600,
  });
  return token;
}

/** An MCP client on the official SDK that already has a token. */
async function connect(t: TestContext, token: string) {
  const client = new Client({ name: "test", version: "1" });
  t.after(() => client.close());
  const requestInit = { headers: { Authorization: `Bearer ${token}` } };
  const transport = new StreamableHTTPClientTransport(new URL(example.url), { requestInit });
  // The SDK's own declarations disagree under exactOptionalPropertyTypes.
  await client.connect(transport as Parameters<Client["connect"]>[0]);
  return {
    client,
    async call(name: string, input: Record<string, unknown> = {}): Promise<string> {
      const { content } = await client.callTool({ name, arguments: input });
      return JSON.stringify(content);
    },
  };
}

test("a client with a token calls whoami and learns who it acts for", async (t) => {
  const { call } = await connect(t, issueToken("alice"));
  const answer = await call("whoami");
  for (const fact of ["alice@example.com", "subject-of-alice", "agent-7", "scope mcp"]) {
    assert.ok(answer.includes(fact), `${fact} in ${answer}`);
  }
});

test("everybody has notes of their own", async (t) => {
  const alice = await connect(t, issueToken("alice"));
  const bob = await connect(t, issueToken("bob"));
  assert.match(await alice.call("add_note", { note: "buy milk" }), /You have 1/);
  assert.match(await alice.call("list_notes"), /buy milk/);
  assert.match(await bob.call("list_notes"), /no notes/);
});

test("a tool refuses bad input without falling over", async (t) => {
  const { call } = await connect(t, issueToken("carol"));
  assert.match(await call("add_note", { note: "x".repeat(501) }), /too_big|at most|<=500/i);
  assert.match(await call("list_notes"), /no notes/);
});

test("a client that looks for the authorization server's metadata at this server's origin finds them", async () => {
  for (const place of [
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-authorization-server/mcp",
  ]) {
    const answer = await fetch(new URL(place, example.url));
    assert.equal(answer.status, 200, place);
    const { issuer } = (await answer.json()) as { issuer: unknown };
    assert.equal(issuer, authorizationServer.issuer);
  }
});

test("without a token the client is sent to sign in; with too little scope it is told which", async () => {
  const anonymous = await fetch(example.url, { method: "POST", body: "{}" });
  assert.equal(anonymous.status, 401);
  const { resource_metadata: metadata = "", scope } = challengeOf(anonymous);
  assert.equal(metadata, "http://localhost:8081/.well-known/oauth-protected-resource/mcp");
  assert.equal(scope, "mcp");
  const document = await fetch(new URL(new URL(metadata).pathname, example.url));
  assert.equal(document.status, 200);
  assert.match(
    await document.text(),
    new RegExp(`"authorization_servers":\\["${authorizationServer.issuer}"\\]`),
  );

  const poor = await fetch(example.url, {
    headers: { Authorization: `Bearer ${issueToken("dave", "other")}` },
  });
  assert.equal(poor.status, 403);
  assert.equal(challengeOf(poor).scope, "mcp");
});

test("a revoked token is refused at the very next call", async (t) => {
  const token = issueToken("erin");
  const { call } = await connect(t, token);
  assert.match(await call("whoami"), /erin/);
  authorizationServer.tokens.delete(token);
  await assert.rejects(call("whoami"), /401|Unauthorized|invalid_token/);
});

test("a person who opens it in a browser is told what it is", async () => {
  const page = await fetch(new URL("/", example.url));
  assert.equal(page.status, 200);
  assert.match(await page.text(), /MCP server.*http:\/\/localhost:8081\/mcp/);
});

test("what is not served there is 405 or needs a token, and a body that is not JSON is 400", async () => {
  const headers = { Authorization: `Bearer ${issueToken("alice")}` };
  for (const method of ["GET", "DELETE", "PUT"]) {
    const response = await fetch(example.url, { method, headers });
    assert.equal(response.status, 405, method);
    assert.equal(response.headers.get("allow"), "POST");
  }
  assert.equal((await fetch(new URL("/other", example.url))).status, 401);
  const accept = {
    ...headers,
    Accept: "application/json, text/event-stream",
    "Content-Type": "application/json",
  };
  const garbled = await fetch(example.url, { method: "POST", headers: accept, body: "{" });
  assert.equal(garbled.status, 400);
});

test("a taken port is told by its code", async () => {
  const { issuer, credential } = authorizationServer;
  const port = Number(new URL(example.url).port);
  await assert.rejects(startExampleServer({ issuer, resource, credential, port, host: "127.0.0.1" }), {
    code: "EADDRINUSE",
  });
});

test("closing ends open connections", async (t) => {
  const { issuer, credential } = authorizationServer;
  const another = await startExampleServer({ issuer, resource, credential, port: 0, host: "127.0.0.1" });
  const asked = new Promise<void>((resolve) => {
    authorizationServer.misbehave = () => resolve();
  });
  t.after(() => {
    authorizationServer.misbehave = undefined;
  });
  const waiting = fetch(another.url, { headers: { Authorization: "Bearer waits-for-an-answer" } });
  const ended = waiting.catch((error: Error) => error);
  await asked;
  await another.close();
  assert.ok((await ended) instanceof Error);
});
