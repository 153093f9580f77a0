import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { type DemoServer, startDemoServer } from "../../src/demo/mcp-server.ts";
import { freePort } from "../support/free-port.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { aPublicClient, tokensFor } from "../support/oauth-client.ts";

let gatehouse: TestGatehouse;
let demo: DemoServer;
let resource: string;
before(async () => {
  gatehouse = await startTestGatehouse();
  const port = await freePort();
  resource = `http://localhost:${port}/mcp`;
  const credential = await gatehouse.addResource(resource, { mcp: "Call its tools as you" });
  const { issuer } = gatehouse;
  demo = await startDemoServer({ issuer, resource, credential, port, host: "127.0.0.1" });
});
after(async () => {
  await demo?.close();
  await gatehouse?.stop();
});

/** An official SDK's client, with a real token in its hand. */
async function connect(t: TestContext) {
  const registered = await aPublicClient(gatehouse);
  const { access_token } = await tokensFor(gatehouse, registered, { resource });
  const client = new Client({ name: "test", version: "1" });
  t.after(() => client.close());
  const requestInit = { headers: { authorization: `Bearer ${access_token}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(demo.url), { requestInit }));
  const call = async (name: string, input: Record<string, unknown> = {}) =>
    JSON.stringify(await client.callTool({ name, arguments: input }));
  return { id: registered.id, call };
}

test("who connects learns who it acts for, and finds its person's notes again", async (t) => {
  const { id, call } = await connect(t);
  const answer = await call("whoami");
  for (const fact of ["alice@example.com", id, "scope mcp"]) {
    assert.ok(answer.includes(fact), `${fact} in ${answer}`);
  }
  assert.match(await call("list_notes"), /no notes/);
  assert.match(await call("add_note", { note: "buy milk" }), /You have 1/);
  const another = await connect(t);
  assert.match(await another.call("list_notes"), /buy milk/);
  assert.match(await another.call("add_note", { note: "x".repeat(501) }), /too_big|at most|<=500/i);
});

test("without a token a client is told where to get one, and a person what this is", async () => {
  const anonymous = await fetch(demo.url, { method: "POST", body: "{}" });
  assert.equal(anonymous.status, 401);
  assert.match(anonymous.headers.get("www-authenticate") ?? "", /resource_metadata=/);
  const hint = await (await fetch(new URL("/", demo.url))).text();
  assert.ok(hint.includes(resource), hint);
});

test("a client that looks for the authorization server's metadata here finds a copy", async () => {
  const copy = await fetch(new URL("/.well-known/oauth-authorization-server", demo.url));
  assert.equal(copy.status, 200);
  assert.equal(((await copy.json()) as { issuer: string }).issuer, gatehouse.issuer);
});
