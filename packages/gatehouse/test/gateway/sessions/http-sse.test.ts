import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { SSEServerTransport } from "@modelcontextprotocol/sdk/server/sse.js";
import { aDoor, aServerBehind, type TestDoor } from "../support/door.ts";

/** A server of the oldest revision, by the official SDK: a stream at `/sse`, and `/messages?sessionId=…`. */
async function anSseServer(t: TestContext) {
  const sessions = new Map<string, SSEServerTransport>();
  const contacted: string[] = [];
  const server = createServer(async (request, response) => {
    contacted.push(`${request.method} ${request.url}`);
    const url = new URL(request.url ?? "/", "http://localhost");
    if (request.method === "POST") {
      const transport = sessions.get(url.searchParams.get("sessionId") ?? "");
      if (transport === undefined) return response.writeHead(404).end();
      return transport.handlePostMessage(request, response);
    }
    const transport = new SSEServerTransport("/messages", response);
    sessions.set(transport.sessionId, transport);
    const mcp = new McpServer({ name: "notes", version: "1" });
    mcp.registerTool("greet", {}, () => ({ content: [{ type: "text", text: "hello" }] }));
    await mcp.connect(transport);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/sse`, sessions, contacted };
}

/** A client of that revision, connected through the door. */
async function connect(t: TestContext, door: TestDoor, token: string): Promise<Client> {
  const headers = { authorization: `Bearer ${token}` };
  const transport = new SSEClientTransport(new URL(`${door.server.url}/mcp`), { requestInit: { headers } });
  const client = new Client({ name: "older", version: "1" });
  t.after(() => client.close());
  await client.connect(transport);
  return client;
}

/** The address that the first event of a stream at the door names. */
async function endpointOf(door: TestDoor): Promise<string> {
  const answer = await door.call({ method: "GET", body: null });
  assert.equal(answer.status, 200);
  let text = "";
  for await (const piece of answer.body ?? []) {
    text += Buffer.from(piece).toString();
    const [, address] = /event: endpoint\r?\ndata: (.*)\r?\n\r?\n/.exec(text) ?? [];
    if (address !== undefined) return address;
  }
  return assert.fail(`no endpoint in ${text}`);
}

test("W19 over the older HTTP+SSE a client is given an address at the door, where each message needs a token", async (t) => {
  const behind = await anSseServer(t);
  const door = await aDoor(t, behind.url);
  const { access_token: token } = await door.token();
  const client = await connect(t, door, token);
  assert.deepEqual((await client.callTool({ name: "greet" })).content, [{ type: "text", text: "hello" }]);
  const address = await endpointOf(door);
  assert.match(address, /^\/mcp\?[\x21-\x7E]{1,1100}$/);
  for (const id of behind.sessions.keys()) assert.ok(!address.includes(id));
  const contacted = behind.contacted.length;
  const unproven = await fetch(door.server.url + address, { method: "POST", body: "{}" });
  assert.equal(unproven.status, 401);
  assert.equal(behind.contacted.length, contacted);
});

test("what a client says in its query is no session, although the server repeats it in its endpoint", async (t) => {
  const behind = await aServerBehind(t, ({ method, url }, response) => {
    if (method === "POST") return void response.writeHead(202).end();
    response.setHeader("content-type", "text/event-stream");
    response.write(`event: endpoint\ndata: /messages${url.slice(url.indexOf("?"))}&token_of_session=abc\n\n`);
  });
  const door = await aDoor(t, behind.url);
  const { access_token: token } = await door.token();
  const send = (path: string, init: RequestInit = {}) =>
    fetch(door.server.url + path, {
      ...init,
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    });
  for (const _ of [1, 2]) {
    const answer = await send("/mcp?workspace=mine");
    const [, address = ""] = /data: (.*)\n/.exec(await untilEvent(answer)) ?? [];
    const message = await send(address, { method: "POST", body: '{"jsonrpc":"2.0","id":1,"method":"ping"}' });
    assert.equal(message.status, 202);
    assert.equal(behind.received.at(-1)?.url, "/messages?workspace=mine&token_of_session=abc");
  }
  assert.equal((await send("/mcp?token_of_session=abc")).status, 404);
});

/** The beginning of an event stream, to the end of the first event with data. */
async function untilEvent(answer: Response): Promise<string> {
  let text = "";
  for await (const piece of answer.body ?? []) {
    text += Buffer.from(piece).toString();
    if (/data: .*\n/.test(text)) return text;
  }
  return text;
}

test("W-n20 a foreign endpoint and a guessed session are not found, and one that leads elsewhere ends the stream", async (t) => {
  const behind = await anSseServer(t);
  const door = await aDoor(t, behind.url);
  const address = await endpointOf(door);
  const [plain = ""] = behind.sessions.keys();
  door.server.upstream.account = { sub: "bob", email: "bob@example.com", email_verified: true };
  const { access_token: bob } = await door.token();
  const contacted = behind.contacted.length;
  const message = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
  for (const path of [
    address,
    `/mcp?sessionId=${plain}`,
    `/mcp?session_id=${plain}`,
    `${address}&sessionId=${plain}`,
  ]) {
    const headers = { "content-type": "application/json", authorization: `Bearer ${bob}` };
    const answer = await fetch(door.server.url + path, { method: "POST", headers, body: message });
    assert.equal(answer.status, 404, path);
    assert.equal(
      await answer.text(),
      '{"jsonrpc":"2.0","id":1,"error":{"code":-32001,"message":"Session not found"}}',
    );
  }
  assert.equal(behind.contacted.length, contacted);
  const target = await aServerBehind(t);
  const { port } = new URL(target.url);
  for (const elsewhere of [
    "http://169.254.169.254/latest/meta-data",
    `//127.0.0.1:${port}/mcp`,
    "http://[bad",
  ]) {
    const leading = await aServerBehind(t, (_, response) => {
      response.setHeader("content-type", "text/event-stream");
      response.write(`event: endpoint\ndata: ${elsewhere}\n\n`);
    });
    const leadingDoor = await aDoor(t, leading.url);
    const answer = await leadingDoor.call({ method: "GET", body: null });
    const read = await answer.text().catch(() => "broken off");
    assert.equal(read, "broken off");
    assert.equal(leading.received.length, 1);
  }
  assert.equal(target.received.length, 0);
});
