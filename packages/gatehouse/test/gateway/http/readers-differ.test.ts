import assert from "node:assert/strict";
import { Agent, type IncomingMessage, request } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { type TestContext, test } from "node:test";
import type { Backend, Call } from "../../../src/gateway/call.ts";
import { AnswerReader } from "../../../src/gateway/http/answer-reader.ts";
import { createHttpBackend } from "../../../src/gateway/http/http-backend.ts";

/** What a reader made of the bytes. */
interface Read {
  /** Whether it took them for an answer, and for a whole one. */
  readonly isWhole: boolean;
  readonly answer?: readonly [status: number, fields: readonly string[], body: string];
  readonly reason?: string;
}

const count = 400;

/** Where ours refuses what node's reader takes, and why. */
const stricter = new Map([
  [
    "its first line is none of HTTP/1.1",
    "another version or protocol, empty lines before it, a status below 100, control characters",
  ],
  ["another protocol was not asked for", "101 out of nowhere"],
  ["too many informational answers", "more than 16 answers before the answer"],
  ["its transfer coding is not chunked alone", "any other coding: node reads to the end of the connection"],
  ["it has a transfer coding, and is one of HTTP/1.0", "RFC 9112 §6.1"],
  ["its length is not clear", "a length beyond 15 digits"],
  ["its chunks are none", "extensions over 256 bytes or without a name, framing in trailers"],
]);

test("whatever bytes a server answers, cut anywhere, node's own strict reader takes an answer that ours takes, and reads the same", async (t) => {
  const random = seeded(20261127);
  const cases = Array.from({ length: count }, () => inPieces(withoutRest(anAnswer(random)), random));
  const port = await aServerOf(t, cases);
  const agent = new Agent({ maxSockets: 20 });
  t.after(() => agent.destroy());
  let next = 0;
  let whole = 0;
  const reasons = new Set<string>();
  async function compareNext(): Promise<void> {
    for (let index = next++; index < count; index = next++) {
      const text = JSON.stringify(Buffer.concat(cases[index] ?? []).toString("latin1"));
      const [node, ours] = await Promise.all([byNode(port, agent, index), byUs(port, index)]);
      if (ours.isWhole) {
        whole++;
        assert.deepEqual([node.isWhole, node.answer], [true, ours.answer], text);
      } else if (node.isWhole) {
        assert.ok(stricter.has(ours.reason ?? ""), `${ours.reason}: ${text}`);
        reasons.add(ours.reason ?? "");
      }
    }
  }
  await Promise.all(Array.from({ length: 10 }, compareNext));
  assert.ok(whole > count / 4 && whole < (count * 3) / 4, `${whole} whole answers`);
  assert.ok(reasons.size >= 4, [...reasons].join());
});

type Random = <Item>(of: readonly Item[]) => Item;

/** The same choices each time (mulberry32). */
function seeded(seed: number): Random {
  let state = seed;
  return (of) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return of[(mixed >>> 0) % of.length] as (typeof of)[number];
  };
}

const starts = [
  ...[
    "HTTP/1.1 200",
    "HTTP/1.1 200 ",
    "HTTP/1.0 200 OK",
    "HTTP/1.1 204 None",
    "HTTP/1.1 500 a\tb",
    "HTTP/1.1 999 x",
  ],
  ...[
    "HTTP/2.0 200 OK",
    "HTTP/1.1  200 OK",
    "HTTP/1.1 20 OK",
    "HTTP/1.1 2000 OK",
    "HTTP/1.1 099 x",
    "HTTP/1.1 200OK",
  ],
  ...[
    "HTTP/1.1 200 O\x01K",
    "HTTP/1.1 200 \xe9",
    "\r\nHTTP/1.1 200 OK",
    " HTTP/1.1 200 OK",
    "HTTP/1.1 200 OK\r",
  ],
  ...["HTTP/1.1 101 Other\r\n\r\nHTTP/1.1 200 OK", "HTTP/1.1 100 Go on\r\n\r\nHTTP/1.1 200 OK"],
  ...[`${"HTTP/1.1 103 Early\r\nX: 1\r\n\r\n".repeat(17)}HTTP/1.1 200 OK`],
];
const fieldLines = [
  ...[
    "X: a",
    "X:",
    "X: a b\t",
    "X : a",
    ": a",
    "X",
    "X Y: a",
    " X: a",
    "X: a\r\n b",
    "X: a\nY: b",
    "X: a\rY: b",
  ],
  ...[
    "X: a\0b",
    "X: a\x7f",
    "X: \xe9",
    "\xe9: a",
    "X(: a",
    "X: a\r",
    "Connection: close",
    "Connection: upgrade",
  ],
  ...["Keep-Alive: timeout=5", "Trailer: X", "a!#$%&'*+.^_`|~-: 1"],
];
const lengths = [
  "05",
  "+5",
  "-5",
  "0x5",
  "5, 5",
  "5 ",
  "",
  "5e0",
  "5\0",
  "9007199254740993",
  "99999999999999999999",
];
const codings = [
  "Chunked",
  "chunked,",
  "gzip, chunked",
  "chunked, gzip",
  "identity",
  "",
  "xchunked",
  "chunked\0",
];
const sizes = [
  ...[
    "05",
    "+5",
    "-5",
    "0x5",
    "5 ",
    " 5",
    "5;x",
    "5;x=y",
    '5;x="y \\" z"',
    "5; x",
    "5 ;x",
    "5;x=",
    "5;;x",
    "5;x\0",
  ],
  ...['5;x="y', "5;x(", "5\n", "5\r", "g", "", "5 6", "10000000000000005", `5;${"x".repeat(300)}`],
];
const trailers = [
  ...[
    "X: 1\r\n",
    "X:\r\nY: 2\r\n",
    "X\r\n",
    "X : 1\r\n",
    ": 1\r\n",
    "X: 1\n",
    "X: \x01\r\n",
    "X: 1\r\n y\r\n",
  ],
  ...["Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n", "HTTP/1.1 200 OK\r\n"],
];
const lineEnds = ["\n", "\r", "\r\r\n", " \r\n", ""];

/** Mostly one that is right, save for one thing or two. */
function anAnswer(random: Random): string {
  const one = Array.from({ length: 100 }, (_, index) => index);
  const rarely = <Item>(usual: Item, percent: number, others: readonly Item[]) =>
    random(one) < percent ? random(others) : usual;
  const end = () => rarely("\r\n", 1, lineEnds);
  const length = () => `Content-Length: ${rarely("5", 15, lengths)}`;
  const coding = () => `Transfer-Encoding: ${rarely("chunked", 12, codings)}`;
  const framing = random(["length", "length", "chunked", "chunked", "none"]);
  const fields: string[] = [];
  if (random(one) < 20) fields.push(random(fieldLines));
  if (framing === "length") fields.push(length());
  if (framing === "chunked") fields.push(coding());
  if (random(one) < 5) fields.push(random([length, coding])());
  const head = [rarely("HTTP/1.1 200 OK", 20, starts), ...fields, ""].map((line) => line + end()).join("");
  if (framing !== "chunked") return head + rarely("hello", 10, ["", "hell"]);
  const chunk = () => rarely("5", 10, sizes) + end() + rarely("hello", 2, ["hell", "hello!"]) + end();
  const chunks = Array.from({ length: random([0, 1, 2, 3]) }, chunk).join("");
  return `${head}${chunks}${rarely("0", 8, ["00", "0;x", "0 ", "-0"])}${end()}${rarely("", 20, trailers)}${end()}`;
}

/**
 * Without bytes behind the end: for those node refuses the whole where they come together with it, and we end
 * the connection.
 */
function withoutRest(text: string): Buffer {
  const all = Buffer.from(text, "latin1");
  const reader = new AnswerReader({ onHead: () => undefined, onPiece: () => undefined });
  try {
    const length = reader.read(Buffer.from(all)); // which may change it
    return reader.isOver ? all.subarray(0, length) : all;
  } catch {
    return all;
  }
}

function inPieces(all: Buffer, random: Random): Buffer[] {
  const places = Array.from({ length: all.length }, (_, index) => index);
  const cuts = Array.from({ length: random([0, 0, 1, 2, 3]) }, () => random(places)).sort((a, b) => a - b);
  return [0, ...cuts]
    .map((from, index) => all.subarray(from, cuts[index]))
    .filter(({ length }) => length > 0);
}

/** Answers `/3` with the pieces of the case 3, each in a segment of its own, and ends. */
async function aServerOf(t: TestContext, cases: readonly (readonly Buffer[])[]): Promise<number> {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on("error", () => undefined); // a reader that refuses leaves
    socket.once("data", async (bytes) => {
      const [, index] = /^POST \/(\d+) /.exec(bytes.toString("latin1")) ?? [];
      for (const piece of cases[Number(index)] ?? []) {
        await new Promise<unknown>((resolve) => socket.write(piece, resolve));
        await new Promise((resolve) => setImmediate(resolve));
      }
      socket.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function byNode(port: number, agent: Agent, index: number): Promise<Read> {
  try {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      request({ port, host: "127.0.0.1", method: "POST", path: `/${index}`, agent, maxHeaderSize: 32 * 1024 })
        .on("upgrade", () => reject(new Error("another protocol")))
        .on("response", resolve)
        .on("error", reject)
        .end();
    });
    const body = (await answer.toArray()).map((piece: Buffer) => piece.toString("latin1")).join("");
    return { isWhole: answer.complete, answer: [answer.statusCode ?? 0, answer.rawHeaders, body] };
  } catch {
    return { isWhole: false };
  }
}

/** One for each, since the server ends each connection without saying so before. */
function aBackend(port: number): Backend {
  return createHttpBackend({
    kind: "http",
    url: new URL(`http://127.0.0.1:${port}`),
    socketPath: undefined,
    authorities: [],
    keepsHost: false,
    credentials: {},
    timeouts: { connectMs: 5000, firstByteMs: 5000, silenceMs: 5000 },
  });
}

async function byUs(port: number, index: number): Promise<Read> {
  const backend = aBackend(port);
  const { signal } = new AbortController();
  const call = { request: { method: "POST", url: "/" }, target: `/${index}`, body: Buffer.alloc(0), signal };
  try {
    const { status, fields, body } = await backend.send(call as unknown as Call, []);
    const pieces: Buffer[] = Buffer.isBuffer(body) ? [body] : await body.toArray();
    const text = pieces.map((piece) => piece.toString("latin1")).join("");
    return { isWhole: true, answer: [status, [...fields], text] };
  } catch (error) {
    return {
      isWhole: false,
      reason: String((error as { debug?: string }).debug ?? (error as Error).message),
    };
  } finally {
    await backend.close();
  }
}
