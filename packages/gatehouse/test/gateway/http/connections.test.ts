import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import type { Backend, Call } from "../../../src/gateway/call.ts";
import { createHttpBackend } from "../../../src/gateway/http/http-backend.ts";
import { aBareDoor, aCall } from "../support/bare-door.ts";
import { aRawServer, whole } from "../support/raw-server.ts";

const keepingMs = 3000;

/** Answers, says how long it keeps a connection, and does so to the millisecond. */
function keeping(): (socket: Socket) => void {
  const ends = new Map<Socket, NodeJS.Timeout>();
  return (socket) => {
    clearTimeout(ends.get(socket));
    socket.write(whole("{}", `Keep-Alive: timeout=${keepingMs / 1000}\r\n`));
    const end = setTimeout(() => socket.end(), keepingMs).unref();
    ends.set(socket, end);
  };
}

test("W15 no call meets a connection that its server is closing, and none is sent twice", async (t) => {
  const behind = await aRawServer(t, keeping());
  const door = await aBareDoor(t, behind.url);
  const spread = Array.from({ length: 60 }, (_, index) => index * 60); // up to half as long again
  // As long as the door keeps them itself, when its own timer runs out between the look and the use.
  const close = Array.from({ length: 200 }, (_, index) => 990 + (index % 20));
  const pauses = [...spread, ...close];
  const calls = pauses.map(async (pauseMs) => {
    const statuses = [(await door.call()).status];
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    statuses.push((await door.call()).status);
    return statuses;
  });
  const statuses = (await Promise.all(calls)).flat();
  assert.deepEqual(new Set(statuses), new Set([200]));
  assert.equal(behind.requests.length, 2 * pauses.length);
  assert.ok(behind.connections.length < 2 * pauses.length, "connections are used again");

  // What is lost on the way stays lost: whether it ran nobody knows.
  const dropping = await aRawServer(t, (socket, _request, count) => {
    if (count % 2 === 1) socket.write(whole("{}"));
    else socket.destroy();
  });
  const other = await aBareDoor(t, dropping.url);
  const methods = ["POST", "POST", "DELETE", "POST", "POST"];
  const answers: number[] = [];
  for (const method of methods) answers.push((await other.call({ method })).status);
  assert.deepEqual(answers, [200, 502, 200, 502, 200]);
  assert.equal(dropping.requests.length, methods.length);
});

test("W30 a coded answer passes as it is, is unpacked where it has to be read, and then none is asked for", async (t) => {
  const list = '{"jsonrpc":"2.0","id":1,"result":{"tools":[],"cacheScope":"public","ttlMs":1}}';
  const coded = (text: string) => gzipSync(text);
  let text = "{}";
  const behind = await aRawServer(t, (socket) => {
    const body = coded(text);
    const fields = 'Content-Type: application/json\r\nContent-Encoding: gzip\r\nETag: "1"\r\n';
    socket.write(`HTTP/1.1 200 OK\r\n${fields}Content-Length: ${body.length}\r\n\r\n`);
    socket.write(body);
  });
  const rules = { tools: { "*": "notes:read" }, resources: undefined, prompts: undefined };
  const door = await aBareDoor(t, behind.url, { server: { permissions: rules } });
  const untouched = await door.call({ headers: { "accept-encoding": "gzip" } });
  assert.equal(untouched.headers.get("content-encoding"), "gzip");
  assert.equal(await untouched.text(), "{}");
  assert.match(behind.requests[0] ?? "", /\r\naccept-encoding: gzip\r\n/i);

  text = list;
  const body = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
  const read = await door.call({ body, headers: { "accept-encoding": "gzip" } });
  assert.equal(read.headers.get("content-encoding"), null);
  assert.match(await read.text(), /"cacheScope":"private"/);
  assert.doesNotMatch(behind.requests[1] ?? "", /accept-encoding/i);

  text = `{"x":"${" ".repeat(10_000_001)}"}`;
  const { status } = await door.call({ body });
  assert.equal(status, 502);
});

test("a call that meets a connection at its very end, and has not been sent, goes by another", async (t) => {
  const behind = await aRawServer(t, (socket) => void socket.write(whole("{}")));
  const sockets: Socket[] = [];
  const note = (message: unknown) => void sockets.push((message as { socket: Socket }).socket);
  subscribe("undici:client:connected", note);
  t.after(() => unsubscribe("undici:client:connected", note));
  const backend = aBackend(t, behind.url);
  for (let count = 1; count <= 5; count++) {
    assert.equal((await backend.send(call, [])).status, 200);
    sockets.at(-1)?.destroy(); // as its timer does; the connection learns of it in a later turn
    const answer = await backend.send(call, []);
    assert.equal(answer.status, 200);
  }
  assert.equal(behind.requests.length, 10);
});

test("a connection is too old by when its last call was sent, also where this process was late to see it", async (t) => {
  const behind = await aRawServer(t, (socket) => void socket.write(whole("{}", "Keep-Alive: timeout=3\r\n")));
  const backend = aBackend(t, behind.url);
  let late = 0;
  const { now } = performance;
  t.mock.method(performance, "now", () => now.call(performance) + late);
  await backend.send(call, []);
  late = 900;
  await backend.send(call, []);
  assert.equal(behind.connections.length, 1);
  late += 1000; // of which no timer has heard
  await backend.send(call, []);
  assert.equal(behind.connections.length, 2);
});

const call = {
  request: { method: "POST", url: "/mcp" },
  body: Buffer.from(aCall),
  signal: new AbortController().signal,
} as unknown as Call;

function aBackend(t: TestContext, url: string): Backend {
  const backend = createHttpBackend({
    kind: "http",
    url: new URL(url),
    socketPath: undefined,
    authorities: [],
    keepsHost: false,
    credentials: {},
    timeouts: { connectMs: 5000, firstByteMs: 5000, silenceMs: 5000 },
  });
  t.after(() => backend.close());
  return backend;
}
