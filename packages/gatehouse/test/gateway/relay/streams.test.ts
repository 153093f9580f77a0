import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { gzipSync } from "node:zlib";
import { aBareDoor, wholeCall } from "../support/bare-door.ts";
import { aRawClient } from "../support/raw-client.ts";
import { aRawServer, whole } from "../support/raw-server.ts";

const streamHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n";
const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
/** Of a listening stream whose events nobody reads on the way. */
const listening = (port: number) =>
  wholeCall(port, [], "/mcp", '{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen"}');

/** What a chunked answer carries so far. */
function streamed(received: string): string {
  let rest = received.slice(received.indexOf("\r\n\r\n") + 4);
  let body = "";
  for (let [line] = rest.split("\r\n", 1); line; [line] = rest.split("\r\n", 1)) {
    const length = Number.parseInt(line, 16);
    body += rest.slice(line.length + 2, line.length + 2 + length);
    rest = rest.slice(line.length + length + 4);
  }
  return body;
}

/** A server whose connections the test speaks on, as they come. */
async function aSpeaker(t: import("node:test").TestContext) {
  const speakers: Socket[] = [];
  let told: (() => void) | undefined;
  const behind = await aRawServer(t, (socket) => {
    speakers.push(socket);
    told?.();
  });
  return {
    ...behind,
    async next(): Promise<Socket> {
      while (speakers.length === 0) await new Promise<void>((resolve) => (told = resolve));
      return speakers.shift() as Socket;
    },
  };
}

test("W10 a stream's head goes out before its first event and each piece as it comes, uncompressed, unjoined, and not to be buffered", async (t) => {
  const behind = await aSpeaker(t);
  const { port } = await aBareDoor(t, behind.url, { server: { keepAliveSeconds: 0 } });
  const client = aRawClient(t, port, listening(port));
  const server = await behind.next();
  server.write(
    `${streamHead}Content-Length-Hint: 1\r\nCache-Control: max-age=60\r\nX-Accel-Buffering: yes\r\n\r\n`,
  );
  const received = await client.until("\r\n\r\n");
  assert.match(received, /^HTTP\/1\.1 200 /);
  assert.match(received, /\r\nX-Accel-Buffering: no\r\n/);
  assert.match(received, /\r\nCache-Control: no-cache\r\n/);
  assert.doesNotMatch(received, /max-age|content-encoding|buffering: yes/i);
  for (const piece of ["data: 1\n\n", "data", ": 2\n", "\nid: 3\ndata: 3\n\n"]) {
    server.write(chunk(piece));
    await client.until(`\r\n${chunk(piece)}`);
  }

  const coded = aRawClient(t, port, wholeCall(port, ["Accept-Encoding: gzip"]));
  const second = await behind.next();
  const zipped = gzipSync("data: unpacked\n\n").toString("latin1");
  const framed = `${zipped.length.toString(16)}\r\n${zipped}\r\n`;
  second.write(Buffer.from(`${streamHead}Content-Encoding: gzip\r\n\r\n${framed}`, "latin1"));
  assert.doesNotMatch(await coded.until("data: unpacked\n\n"), /content-encoding/i);
});

test("W11 a comment opens a stream and comes after each silence, between two events and never inside one", async (t) => {
  const behind = await aSpeaker(t);
  const { port } = await aBareDoor(t, behind.url, { server: { keepAliveSeconds: 0.05 } });
  const client = aRawClient(t, port, listening(port));
  const server = await behind.next();
  server.write(`${streamHead}\r\n`);
  await client.until(/:\n\n[\s\S]*:\n\n[\s\S]*:\n\n/); // at its start, and of two silences
  server.write(chunk("event: message\ndata: half"));
  await client.until("data: half");
  const other = aRawClient(t, port, listening(port)); // whose silences pass meanwhile
  (await behind.next()).write(`${streamHead}\r\n`);
  await other.until(/(?::\n\n[\s\S]*){5}/);
  assert.ok(streamed(client.received).endsWith("data: half"));
  server.write(chunk(" and half\n\n"));
  await client.until(/ and half\n\n[\s\S]*:\n\n/);
  assert.match(streamed(client.received), /^(?::\n\n)+event: message\ndata: half and half\n\n(?::\n\n)+$/);

  const quiet = await aBareDoor(t, behind.url, { server: { keepAliveSeconds: 0 } });
  const none = aRawClient(t, quiet.port, listening(quiet.port));
  const third = await behind.next();
  third.write(`${streamHead}\r\n`);
  await other.until(/(?::\n\n[\s\S]*){10}/);
  third.write(chunk("data: 1\n\n"));
  await none.until("data: 1\n\n");
  assert.equal(streamed(none.received), "data: 1\n\n");
});

test("W12 a reader that stops stops the server, with little held, and nobody else waits", async (t) => {
  const behind = await aSpeaker(t);
  const { port, call } = await aBareDoor(t, behind.url);
  const stalled = aRawClient(t, port, listening(port));
  const server = await behind.next();
  server.write(`${streamHead}\r\n`);
  await stalled.until("\r\n\r\n");
  stalled.socket.pause();
  const piece = Buffer.from(chunk(`data: ${"x".repeat(65_000)}\n\n`));
  const before = bytesInUse();
  let written = 0;
  // Until the kernel takes no more of it: the door has stopped reading.
  while (await takesMore(server)) {
    server.write(piece);
    written += piece.length;
    assert.ok(written < 200_000_000, "the server is not slowed");
  }
  // Both ends are in this process too: what the server could not send, and what its client has read.
  const isLittle = () => bytesInUse() - before < server.writableLength + 64 * 1024 + 256 * 1024;
  // What has been passed on is let go of in a turn or two.
  for (let turn = 0; turn < 200 && !isLittle(); turn++)
    await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(isLittle(), `${bytesInUse() - before} bytes are held`);

  const answered = call();
  (await behind.next()).write(whole("{}"));
  assert.equal((await answered).status, 200);

  stalled.socket.resume();
  server.end("0\r\n\r\n");
  const all = await stalled.until(/0\r\n\r\n$/);
  assert.ok(all.length >= written, "and it all arrives once it reads on");
});

/** Of buffers, without those that nobody holds any more. */
function bytesInUse(): number {
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Whether what was written has gone to the kernel, now or in a moment. */
async function takesMore(socket: Socket): Promise<boolean> {
  for (let turn = 0; socket.writableLength > 0 && turn < 300; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return socket.writableLength === 0;
}

test("W13 a client that goes away ends the connection to the server, and a computer that is gone is asked for", async (t) => {
  const behind = await aSpeaker(t);
  const { port } = await aBareDoor(t, behind.url);
  const beforeHead = aRawClient(t, port, wholeCall(port));
  const unanswered = await behind.next();
  beforeHead.socket.destroy();
  await closed(unanswered);

  const streaming = aRawClient(t, port, listening(port));
  const server = await behind.next();
  server.write(`${streamHead}\r\n${chunk("data: 1\n\n")}`);
  await streaming.until("data: 1");
  if (process.platform === "linux") assert.ok(isAskedFor(port, streaming.socket.localPort ?? 0));
  streaming.socket.resetAndDestroy();
  await closed(server);

  const half = aRawClient(t, port, wholeCall(port));
  const answering = await behind.next();
  answering.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf");
  await half.until("half");
  half.socket.destroy();
  await closed(answering);
});

async function closed(socket: Socket): Promise<void> {
  if (!socket.closed) await new Promise((resolve) => socket.once("close", resolve));
}

/** Whether the kernel's keep-alive timer runs on the door's side of a connection (proc(5), `net/tcp`). */
function isAskedFor(port: number, peer: number): boolean {
  const hex = (number: number) => number.toString(16).toUpperCase().padStart(4, "0");
  const files = ["/proc/net/tcp", "/proc/net/tcp6"].map((file) => readFileSync(file, "utf8"));
  const lines = files
    .join("\n")
    .split("\n")
    .map((line) => line.trim().split(/\s+/));
  const line = lines.find(
    ([, own, other]) => own?.endsWith(`:${hex(port)}`) && other?.endsWith(`:${hex(peer)}`),
  );
  return line?.[5]?.startsWith("02:") === true;
}

test("W14 a stream may be silent for as long as it likes, another answer may not, and the listener's own limits end neither", async (t) => {
  const behind = await aSpeaker(t);
  const { port, log } = await aBareDoor(t, behind.url, {
    backend: { timeouts: { connectMs: 5000, firstByteMs: 20_000, silenceMs: 300 } },
    listener: { requestTimeoutMs: 300, answerTimeoutMs: 100, keepAliveTimeoutMs: 100 },
    server: { keepAliveSeconds: 0 },
  });
  const client = aRawClient(t, port, listening(port));
  const stream = await behind.next();
  stream.write(`${streamHead}\r\n${chunk("data: 1\n\n")}`);
  await client.until("data: 1");
  const late = aRawClient(t, port, wholeCall(port));
  const slow = await behind.next(); // whose first byte takes longer than any answer of other routes may

  const silent = aRawClient(t, port, wholeCall(port));
  const silenced = await behind.next();
  silenced.write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{");
  assert.match(await silent.ended, /\r\n\r\n\{$/);
  await closed(silenced);
  assert.match(String(log.find(({ stage }) => stage === "body")?.cause), /silent for 300 ms/);

  stream.write(chunk("data: 2\n\n"));
  await client.until("data: 2");
  slow.write(whole("{}"));
  assert.match(await late.until(/\{\}$/), /^HTTP\/1\.1 200 /);
});

test("W21 a server that breaks off makes the client's answer break off, after all it sent, and nothing is invented", async (t) => {
  const behind = await aSpeaker(t);
  const { port, log } = await aBareDoor(t, behind.url, { server: { keepAliveSeconds: 0 } });
  for (const breakOff of [(socket: Socket) => socket.end(), (socket: Socket) => socket.end("nonsense\r\n")]) {
    const client = aRawClient(t, port, wholeCall(port));
    const server = await behind.next();
    server.write(`${streamHead}\r\n${chunk("id: 1\ndata: 1\n\n")}${chunk("id: 2\ndata: hal")}`);
    await client.until("hal");
    breakOff(server);
    const received = await client.ended;
    assert.equal(streamed(received), "id: 1\ndata: 1\n\nid: 2\ndata: hal");
    assert.doesNotMatch(received, /\r\n0\r\n/);
  }
  const broken = log.filter(({ stage }) => stage === "body");
  assert.equal(broken.length, 2);
  assert.equal(broken[0]?.server, "notes");
});

test("W-n29 readers of one byte now and then hold no memory, and harm nobody", async (t) => {
  const behind = await aSpeaker(t);
  const { port, call } = await aBareDoor(t, behind.url);
  const before = bytesInUse();
  const readers = [];
  const writers: Socket[] = [];
  for (let count = 0; count < 100; count++) {
    const reader = aRawClient(t, port, wholeCall(port));
    reader.socket.pause();
    readers.push(reader);
    const writer = await behind.next();
    writers.push(writer);
    writer.write(
      "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 1000000000\r\n\r\n",
    );
  }
  const piece = Buffer.alloc(1_000_000); // one for all
  for (let round = 0; round < 8; round++) for (const writer of writers) writer.write(piece);
  const answered = call();
  (await behind.next()).write(whole("{}"));
  assert.equal((await answered).status, 200);
  const held = bytesInUse() - before;
  assert.ok(held < 100 * 2 * 256 * 1024, `${held} bytes are held`);
  for (const { socket } of readers) socket.destroy();
  await Promise.all(writers.map(closed));
});

test("when the process stops, streams end whole, those that answer nothing at once", async (t) => {
  const behind = await aSpeaker(t);
  const { port, stop } = await aBareDoor(t, behind.url, { server: { keepAliveSeconds: 0 } });
  const between = aRawClient(t, port, listening(port));
  const first = await behind.next();
  first.write(`${streamHead}\r\n${chunk("data: 1\n\n")}`);
  await between.until("data: 1");
  const inside = aRawClient(t, port, listening(port));
  const second = await behind.next();
  second.write(`${streamHead}\r\n${chunk("data: 2\n")}`);
  await inside.until("data: 2");
  const calling = aRawClient(t, port, wholeCall(port));
  const third = await behind.next();
  third.write(`${streamHead}\r\n`);
  await calling.until("\r\n\r\n");

  const stopped = stop();
  assert.match(await between.until(/0\r\n\r\n$/), /data: 1/);
  second.write(chunk("\ndata: 3\n\n"));
  await inside.until(/0\r\n\r\n$/);
  assert.equal(streamed(inside.received), "data: 2\n\n");
  third.write(`${chunk("data: answer\n\n")}0\r\n\r\n`);
  await calling.until(/0\r\n\r\n$/);
  assert.equal(streamed(calling.received), "data: answer\n\n");
  await stopped;
});
