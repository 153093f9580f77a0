import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import type { Backend, Call } from "../../../src/gateway/call.ts";
import { createHttpBackend } from "../../../src/gateway/http/http-backend.ts";
import { RefusedCallError } from "../../../src/gateway/refusal.ts";
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
  subscribe("net.client.socket", note);
  t.after(() => unsubscribe("net.client.socket", note));
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

test("a connection whose last answer nobody has read yet serves the next call", async (t) => {
  const chunk = (length: number) => `${length.toString(16)}\r\n${"x".repeat(length)}\r\n`;
  const behind = await aRawServer(t, (socket, _request, count) => {
    if (count > 1) return void socket.write(whole("{}"));
    socket.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunk(60_000)}`);
    // The first of these is too much to be held, and then all has come.
    setTimeout(() => socket.write(`${chunk(10_000)}${chunk(10)}0\r\n\r\n`), 50);
    return undefined;
  });
  const backend = aBackend(t, behind.url);
  const { body } = await backend.send(call, []);
  assert.ok(body instanceof Readable);
  while (body.readableLength < 70_010) await new Promise((resolve) => setImmediate(resolve));
  assert.equal((await backend.send(call, [])).status, 200);
  assert.equal(behind.connections.length, 1);
  assert.equal((await body.toArray()).join("").length, 70_010);
});

test("an answer that is whole waits for its reader for as long as that takes", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const behind = await aRawServer(t, (socket) => {
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab");
    setTimeout(() => socket.write("cd"), 50);
  });
  const { body } = await aBackend(t, behind.url).send(call, []);
  assert.ok(body instanceof Readable);
  while (body.readableLength < 4) await new Promise((resolve) => setImmediate(resolve));
  t.mock.timers.tick(10 * 5000);
  assert.equal((await body.toArray()).join(""), "abcd");
});

test("a call that is given up while its connection is made leaves none behind", async (t) => {
  const behind = await aRawServer(t, () => undefined); // and does no TLS
  const gone = new AbortController();
  const backend = aBackend(t, behind.url.replace("http:", "https:"), 300_000);
  const sent = backend.send({ ...call, signal: gone.signal }, []);
  while (behind.connections.length === 0) await new Promise((resolve) => setImmediate(resolve));
  gone.abort(new Error("gone"));
  await assert.rejects(sent, RefusedCallError);
  const [socket] = behind.connections;
  if (socket?.closed === false) await new Promise((resolve) => socket.once("close", resolve));
});

test("what could end a line of a head, or is no path, is not sent", async (t) => {
  const behind = await aRawServer(t, (socket) => void socket.write(whole("{}")));
  const backend = aBackend(t, behind.url);
  const refused = (error: unknown) => error instanceof RefusedCallError && error.stage === "send";
  for (const fields of [
    ["X", "a\r\nEvil: 1"],
    ["X: a\r\nEvil", "1"],
    ["X", "a\0"],
    ["X", "\u0130"],
    ["", "1"],
  ])
    await assert.rejects(backend.send(call, fields), refused);
  for (const target of ["/mcp HTTP/1.1\r\nEvil: 1", "/a b", "mcp", "/\u0130"])
    await assert.rejects(backend.send({ ...call, target }, []), refused);
  assert.equal(behind.requests.length, 0);
  await backend.send(call, ["X", "\u00e9", "x", "2"]);
  assert.match(
    behind.requests[0] ?? "",
    /^POST \/mcp HTTP\/1\.1\r\nX: \xe9\r\nx: 2\r\ncontent-length: 40\r\n/,
  );
});

const call = {
  request: { method: "POST", url: "/mcp" },
  body: Buffer.from(aCall),
  signal: new AbortController().signal,
} as unknown as Call;

function aBackend(t: TestContext, url: string, connectMs = 5000): Backend {
  const backend = createHttpBackend({
    kind: "http",
    url: new URL(url),
    socketPath: undefined,
    authorities: [],
    keepsHost: false,
    credentials: {},
    timeouts: { connectMs, firstByteMs: 5000, silenceMs: 5000 },
  });
  t.after(() => backend.close());
  return backend;
}
