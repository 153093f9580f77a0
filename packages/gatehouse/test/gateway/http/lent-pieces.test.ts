import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { type IncomingMessage, request } from "node:http";
import { mock, test } from "node:test";
import { setTimeout as after } from "node:timers/promises";
import { eventsOf } from "../../support/audit-events.ts";
import { aBareDoor, aCall } from "../support/bare-door.ts";
import { aDoor, aServerBehind } from "../support/door.ts";

/** Bytes that no other answer has at the same place. */
function bytesOf(n: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = (n + 1) * 2_654_435_761;
  for (let at = 0; at < length; at += 4) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    if (at + 4 <= length) bytes.writeUInt32LE(state, at);
  }
  return bytes;
}

const kinds = ["fast", "slow", "leaves"] as const;
const kindOf = (n: number) => kinds[n % 3];
/** More than the sockets' buffers hold, for who is slow. */
const lengthOf = (n: number) => (kindOf(n) === "slow" ? 12_000_000 : 400_000) + n * 37_123;
const sha = (bytes: Buffer) => hash("sha256", bytes);

/** Reads an answer at once, late, or leaves in its middle. */
async function read(port: number, n: number): Promise<string | undefined> {
  const kind = kindOf(n);
  const outgoing = request({
    port,
    host: "127.0.0.1",
    path: `/mcp?n=${n}`,
    method: "POST",
    headers: {
      host: `localhost:${port}`,
      authorization: "Bearer alice",
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
    },
  });
  outgoing.on("error", () => undefined).end(aCall);
  const answer = await new Promise<IncomingMessage>((resolve) => outgoing.once("response", resolve));
  const pieces: Buffer[] = [];
  let length = 0;
  if (kind === "slow") await after(200);
  try {
    for await (const piece of answer as AsyncIterable<Buffer>) {
      pieces.push(piece);
      length += piece.length;
      if (kind === "leaves" && length > 150_000) outgoing.destroy();
    }
  } catch (error) {
    if (kind !== "leaves") throw error;
    return undefined;
  }
  return sha(Buffer.concat(pieces));
}

test("long answers at once, to clients that are fast, slow, or leave, arrive byte for byte", async (t) => {
  const behind = await aServerBehind(t, ({ url }, response) => {
    const n = Number(new URL(url, "http://localhost").searchParams.get("n"));
    const type = n % 5 === 0 ? "text/event-stream" : "application/octet-stream";
    const body = bytesOf(n, lengthOf(n));
    response.writeHead(200, { "content-type": type, ...(n % 2 && { "content-length": body.length }) });
    // Chunks of all lengths, or all at once.
    if (n % 2) return void response.end(body);
    for (let at = 0; at < body.length; at += 9000 + n * 777)
      response.write(body.subarray(at, at + 9000 + n * 777));
    response.end();
  });
  const door = await aBareDoor(t, behind.url, { server: { keepAliveSeconds: 0 } });
  const hashes = await Promise.all(Array.from({ length: 30 }, (_, n) => read(door.port, n)));
  for (const [n, found] of hashes.entries()) {
    if (kindOf(n) === "leaves") continue;
    assert.equal(found, sha(bytesOf(n, lengthOf(n))), `answer ${n}`);
  }
});

test("of long answers at once it is read what became of each call", async (t) => {
  const padding = (n: number) => String.fromCharCode(0x61 + (n % 26)).repeat(60_000);
  const behind = await aServerBehind(t, ({ headers }, response) => {
    const n = Number(headers["x-n"]);
    const isError = n % 3 === 0;
    const text = Array.from({ length: 10 }, () => padding(n));
    const message = JSON.stringify({ jsonrpc: "2.0", id: n, result: { content: text, isError } });
    const isStream = n % 2 === 0;
    response.writeHead(200, { "content-type": isStream ? "text/event-stream" : "application/json" });
    response.end(isStream ? `data: ${message}\n\n` : message);
  });
  const door = await aDoor(t, behind.url);
  const numbers = Array.from({ length: 30 }, (_, n) => n);
  await Promise.all(
    numbers.map(async (n) => {
      const call = {
        jsonrpc: "2.0",
        id: n,
        method: "tools/call",
        params: { name: `tool_${n}`, arguments: {} },
      };
      const answer = await door.call({ body: JSON.stringify(call), headers: { "x-n": `${n}` } });
      assert.ok((await answer.text()).includes(padding(n)));
    }),
  );
  const outcomes = eventsOf(door.server, "tool_called").map(({ tool, outcome }) => [tool, outcome]);
  assert.deepEqual(
    new Map(outcomes as [string, string][]),
    new Map(numbers.map((n) => [`tool_${n}`, n % 3 === 0 ? "tool_error" : "ok"])),
  );
});

test("W70 hundreds of megabytes of long answers go through a handful of buffers", async (t) => {
  const body = bytesOf(0, 4_000_000);
  const behind = await aServerBehind(t, (_, response) => {
    response.writeHead(200, { "content-type": "application/octet-stream" }).end(body);
  });
  const door = await aBareDoor(t, behind.url);
  const read = async () => {
    let length = 0;
    for await (const piece of (await door.call()).body ?? []) length += piece.length;
    assert.equal(length, body.length);
  };
  await read();
  const made = mock.method(Buffer, "allocUnsafeSlow");
  t.after(() => made.mock.restore());
  for (let more = 0; more < 10; more++) await Promise.all(Array.from({ length: 8 }, read));
  // Of 320 MB: each would have been made some 5,000 times.
  assert.ok(made.mock.callCount() <= 128, `${made.mock.callCount()}`);
});
