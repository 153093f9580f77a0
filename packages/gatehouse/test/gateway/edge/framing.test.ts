import assert from "node:assert/strict";
import { request } from "node:http";
import { test } from "node:test";
import { createBodies } from "../../../src/gateway/body.ts";
import { aBareDoor, aCall, head, wholeCall } from "../support/bare-door.ts";
import { aServerBehind } from "../support/door.ts";
import { aRawClient, exchanged } from "../support/raw-client.ts";

const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);
const chunked = (body: string, extension = "") =>
  `${body.length.toString(16)}${extension}\r\n${body}\r\n0\r\n\r\n`;

test("W28 what can be read in two ways is refused, and framing towards the server is made anew", async (t) => {
  const behind = await aServerBehind(t);
  const { port } = await aBareDoor(t, behind.url);
  const framed = (lines: string[], body: string) =>
    `${head(port, ["Connection: close", ...lines])}\r\n${body}`;
  const length = `Content-Length: ${aCall.length}`;
  for (const [name, lines] of Object.entries({
    "bare CR": [length, "X-A: a\rX-B: b"],
    "folded line": [length, "X-A: a\r\n b"],
    "space before the colon": [length, "X-A : a"],
    "unlike lengths": [length, "Content-Length: 1"],
    "like lengths": [length, length],
  })) {
    assert.equal(statusOf(await exchanged(t, port, framed(lines, aCall))), 400, name);
  }
  const extended = framed(["Transfer-Encoding: chunked"], chunked(aCall, `;${"x".repeat(17_000)}`));
  assert.equal(statusOf(await exchanged(t, port, extended)), 400);
  assert.equal(behind.received.length, 0);

  const anew = framed(["Transfer-Encoding: chunked"], chunked(aCall, ";a=b"));
  assert.equal(statusOf(await exchanged(t, port, anew)), 200);
  const [sent] = behind.received;
  assert.equal(sent?.body, aCall);
  assert.equal(sent?.headers["content-length"], String(aCall.length));
  assert.equal(sent?.headers["transfer-encoding"], undefined);

  const expecting = aRawClient(t, port, `${head(port, ["Expect: 100-continue", length])}\r\n`);
  await expecting.until("HTTP/1.1 100 Continue\r\n\r\n");
  expecting.send(aCall);
  await expecting.until("HTTP/1.1 200 OK");
  assert.equal(behind.received[1]?.headers.expect, undefined);
});

test("W-n3 a request smuggled into another is never seen by the server", async (t) => {
  const behind = await aServerBehind(t);
  const { port } = await aBareDoor(t, behind.url);
  const smuggled = `GET /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer alice\r\n\r\n`;
  const framed = (lines: string[], body: string) => `${head(port, lines)}\r\n${body}`;
  const attacks = {
    "CL.TE": framed(["Content-Length: 6", "Transfer-Encoding: chunked"], `0\r\n\r\n${smuggled}`),
    "TE.CL": framed(["Transfer-Encoding: chunked", "Content-Length: 4"], `5c\r\n${smuggled}\r\n0\r\n\r\n`),
    xchunked: framed(["Transfer-Encoding: xchunked"], `0\r\n\r\n${smuggled}`),
    "chunked twice": framed(
      ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
      `0\r\n\r\n${smuggled}`,
    ),
    "chunked, chunked": framed(["Transfer-Encoding: chunked, chunked"], `0\r\n\r\n${smuggled}`),
    "chunked, identity": framed(["Transfer-Encoding: chunked, identity"], `0\r\n\r\n${smuggled}`),
    "lines without CR": `${wholeCall(port)}${smuggled}`.replaceAll("\r\n", "\n"),
    "chunk size 0x10": framed(
      ["Transfer-Encoding: chunked"],
      `0x10\r\n${"a".repeat(16)}\r\n0\r\n\r\n${smuggled}`,
    ),
    "length +5": framed(["Content-Length: +5"], `12345${smuggled}`),
  };
  for (const [name, bytes] of Object.entries(attacks)) {
    const answer = await exchanged(t, port, bytes); // which ends, because the connection does
    assert.equal(statusOf(answer), 400, name);
    assert.equal(answer.split("HTTP/1.1 ").length, 2, `${name}: one answer`);
  }
  assert.equal(behind.received.length, 0);
});

test("W-n4 of two requests sent at once on one connection each is judged and answered by its own token", async (t) => {
  const behind = await aServerBehind(t, ({ headers }, response) =>
    response.end(JSON.stringify({ subject: headers["x-gatehouse-subject"] })),
  );
  const { port } = await aBareDoor(t, behind.url);
  const bob = wholeCall(port).replace("alice", "bob");
  const nobody = wholeCall(port, ["Connection: close"]).replace("alice", "nobody");
  const answers = await exchanged(t, port, wholeCall(port) + bob + nobody);
  const statuses = [...answers.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
  assert.deepEqual(statuses, [200, 200, 401]);
  assert.match(answers, /"alice"[\s\S]*"bob"/);
  assert.equal(behind.received.length, 2);
});

test("W18 a body over 10 MB gets 413 before the server hears of it, and all bodies together are bounded", async (t) => {
  const behind = await aServerBehind(t);
  const { port, call } = await aBareDoor(t, behind.url);
  const declared = `${head(port, ["Content-Length: 10000001"])}\r\n{`;
  assert.equal(statusOf(await aRawClient(t, port, declared).until(/\r\n\r\n/)), 413);
  const growing = aRawClient(t, port, `${head(port, ["Transfer-Encoding: chunked"])}\r\n`);
  for (let sent = 0; sent <= 10_000_000; sent += 1_000_000)
    growing.send(`f4240\r\n${" ".repeat(1_000_000)}\r\n`);
  assert.equal(statusOf(await growing.until(/\r\n\r\n/)), 413);
  assert.equal(behind.received.length, 0);
  const large = `{"jsonrpc":"2.0","id":1,"method":"tools/list","x":"${"x".repeat(9_900_000)}"}`;
  assert.equal((await call({ body: large })).status, 200);
  assert.equal(behind.received[0]?.body, large);

  const bodies = createBodies(1000, 1500);
  const { requestOf, end } = await arriving(t);
  const first = await bodies.read(...(await requestOf("x".repeat(1000))));
  await assert.rejects(bodies.read(...(await requestOf("x".repeat(501)))), (error: Error) => {
    const { status, headers } = (error as unknown as { refused: { status: number; headers: object } })
      .refused;
    return status === 503 && "Retry-After" in headers;
  });
  bodies.release(first);
  assert.equal((await bodies.read(...(await requestOf("x".repeat(501))))).length, 501);
  end();
});

test("W-n30 whoever has no token is told so before the body, of which nothing is kept", async (t) => {
  const behind = await aServerBehind(t);
  const { port } = await aBareDoor(t, behind.url);
  const strangers = Array.from({ length: 200 }, () =>
    aRawClient(t, port, `${head(port, ["Content-Length: 9999999"]).replace("alice", "nobody")}\r\n{`),
  );
  const before = process.memoryUsage().arrayBuffers;
  for (const stranger of strangers) {
    stranger.socket.on("connect", () => stranger.socket.write(" "));
    assert.equal(statusOf(await stranger.ended), 401);
  }
  assert.ok(process.memoryUsage().arrayBuffers - before < 20_000_000);
  const expecting = `${head(port, ["Expect: 100-continue", "Content-Length: 10"]).replace("alice", "nobody")}\r\n`;
  const answer = await exchanged(t, port, expecting);
  assert.equal(statusOf(answer), 401, "and nobody is told to go on");
  assert.equal(behind.received.length, 0);
});

test("a coded body gets 415, so that nothing is unpacked", async (t) => {
  const behind = await aServerBehind(t);
  const door = await aBareDoor(t, behind.url);
  const answer = await door.call({ headers: { "content-encoding": "gzip" } });
  assert.equal(answer.status, 415);
  assert.equal(((await answer.json()) as { error: { code: number } }).error.code, -32600);
  assert.equal(behind.received.length, 0);
});

/** Requests as a server gets them, one for each body. */
async function arriving(t: import("node:test").TestContext) {
  const { createServer } = await import("node:http");
  const waiting: ((pair: Parameters<ReturnType<typeof createBodies>["read"]>) => void)[] = [];
  const server = createServer((incoming, response) => waiting.shift()?.([incoming, response]));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const { port } = server.address() as import("node:net").AddressInfo;
  return {
    requestOf: (body: string) =>
      new Promise<Parameters<ReturnType<typeof createBodies>["read"]>>((resolve) => {
        waiting.push(resolve);
        request({ port, host: "127.0.0.1", method: "POST" })
          .on("error", () => undefined)
          .end(body);
      }),
    end: () => server.closeAllConnections(),
  };
}
