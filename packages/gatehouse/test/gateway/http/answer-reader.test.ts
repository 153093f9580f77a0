import assert from "node:assert/strict";
import { test } from "node:test";
import { UnreadableAnswerError } from "../../../src/gateway/http/answer-head.ts";
import { AnswerReader } from "../../../src/gateway/http/answer-reader.ts";

interface Read {
  readonly status: number;
  readonly fields: readonly string[];
  readonly body: string;
  /** Bytes that belong to the answer, once it is over. */
  readonly length: number | undefined;
  readonly isKept: boolean | undefined;
  readonly mayEndHere: boolean;
}

/** Reads what comes in these pieces. */
function read(pieces: readonly Buffer[]): Read {
  let [status, fields, body]: [number, readonly string[], string] = [0, [], ""];
  const reader = new AnswerReader({
    onHead(...head) {
      [status, fields] = head;
    },
    onPiece(piece) {
      assert.ok(piece.length > 0);
      body += piece.toString("latin1");
    },
  });
  let length = 0;
  for (const piece of pieces) {
    length += reader.read(Buffer.from(piece)); // which may change it
    if (reader.isOver) break;
  }
  const { head, isOver, mayEndHere } = reader;
  return { status, fields, body, length: isOver ? length : undefined, isKept: head?.isKept, mayEndHere };
}

const bytes = (text: string) => Buffer.from(text, "latin1");

/** The same whole, byte by byte, and cut in two at each place. */
function everyCut(text: string): Buffer[][] {
  const all = bytes(text);
  const single = [...all].map((byte) => Buffer.of(byte));
  const halves = [...all.keys()].slice(1).map((at) => [all.subarray(0, at), all.subarray(at)]);
  return [[all], single, ...halves];
}

const next = "HTTP/1.1 200 OK\r\n";

test("an answer is read the same however its bytes arrive, up to its end and no further", () => {
  const answers = [
    ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A:\t a b \t\r\nx-a:\r\n\r\nhello", 200, "hello", true],
    [
      'HTTP/1.1 200\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n1A;x="y z"\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\nX-T: 1\r\n\r\n',
      200,
      "helloabcdefghijklmnopqrstuvwxyz",
      true,
    ],
    [
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: x, Close\r\n\r\n000\r\n\r\n",
      200,
      "",
      false,
    ],
    ["HTTP/1.1 204 None\r\nX: \xe9\xa0\r\n\r\n", 204, "", true],
    ["HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", 404, "", true],
    [`${"HTTP/1.1 100 Go on\r\n\r\n".repeat(2)}HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n`, 200, "", true],
    ["HTTP/1.1 204 None\r\nContent-Length: 0\r\n\r\n", 204, "", true],
    ["HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", 200, "{}", false],
    ["HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: Keep-Alive, close\r\n\r\n{}", 200, "{}", false],
    ["HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: Keep-Alive\r\n\r\n{}", 200, "{}", true],
  ] as const;
  for (const [text, status, body, isKept] of answers) {
    const expected = read([bytes(text)]);
    for (const pieces of everyCut(text)) assert.deepEqual(read(pieces), expected, text);
    assert.deepEqual(
      [expected.status, expected.body, expected.isKept, expected.length],
      [status, body, isKept, text.length],
    );
    assert.equal(read([bytes(text + next)]).length, text.length, "the rest is not of this answer");
    for (const [at] of [...text].entries()) {
      assert.equal(read([bytes(text.slice(0, at))]).mayEndHere, false, `cut short: ${text.slice(0, at)}`);
    }
  }
  assert.deepEqual(read([bytes(answers[0][0])]).fields, ["Content-Length", "5", "X-A", "a b", "x-a", ""]);
  assert.deepEqual(read([bytes(answers[3][0])]).fields, ["X", "\xe9\xa0"]);
});

test("chunks that come together are told together, also where what follows is none", () => {
  const told: string[] = [];
  const reader = new AnswerReader({
    onHead: () => undefined,
    onPiece: (piece) => void told.push(piece.toString()),
  });
  reader.read(bytes(`${next}Transfer-Encoding: chunked\r\n\r\n${"1\r\nx\r\n".repeat(10_000)}3\r\nab`));
  reader.read(bytes("c\r\n2\r\nde\r\n"));
  assert.throws(() => reader.read(bytes("1\r\nf\r\n2\r\ngh\r\n-1\r\n")), UnreadableAnswerError);
  assert.deepEqual(told, [`${"x".repeat(10_000)}ab`, "cde", "fgh"]);
});

test("a head has up to 32 KiB with its empty line, wherever it is cut", () => {
  const head = (length: number) => `${next}Content-Length: 2\r\nX: ${"a".repeat(length)}\r\n\r\n`;
  const room = 32 * 1024 - head(0).length;
  for (const cut of [1, 17, 20_000, 32 * 1024 - 3, 32 * 1024 - 1, 32 * 1024, 32 * 1024 + 1]) {
    const inTwo = (length: number) => {
      const all = bytes(`${head(length)}{}`);
      return [all.subarray(0, cut), all.subarray(cut)];
    };
    assert.equal(read(inTwo(room)).body, "{}");
    assert.throws(() => read(inTwo(room + 1)), UnreadableAnswerError, `${cut}`);
  }
});

test("an answer without a length goes to the end of its connection, which is not used again", () => {
  const { body, isKept, length, mayEndHere } = read(["HTTP/1.1 200 OK\r\n\r\nab", "c"].map(bytes));
  assert.deepEqual(
    { body, isKept, length, mayEndHere },
    { body: "abc", isKept: false, length: undefined, mayEndHere: true },
  );
});

test("an answer that speaks of a body it cannot have ends its connection, since that may come all the same", () => {
  for (const start of ["HTTP/1.1 204 None", "HTTP/1.1 304 Same"]) {
    for (const framing of ["Content-Length: 5", "Transfer-Encoding: chunked"]) {
      const head = `${start}\r\n${framing}\r\n\r\n`;
      const { body, isKept, length } = read([bytes(`${head}hello`)]);
      assert.deepEqual({ body, isKept, length }, { body: "", isKept: false, length: head.length });
    }
    assert.equal(read([bytes(`${start}\r\n\r\n`)]).isKept, true);
  }
});

test("what two readers could take for two answers is none", () => {
  const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const text of [
    "HTTP/2.0 200 OK\r\n\r\n",
    "HTTP/1.1 20 OK\r\n\r\n",
    "HTTP/1.1 2000 OK\r\n\r\n",
    "HTTP/1.1  200 OK\r\n\r\n",
    "HTTP/1.1 200 O\x01K\r\n\r\n",
    "\r\nHTTP/1.1 200 OK\r\n\r\n",
    "HTTP/1.1 101 Switch\r\n\r\n",
    `${"HTTP/1.1 103 Early\r\n\r\n".repeat(17)}${next}\r\n`,
    `${next}X : 1\r\n\r\n`,
    `${next}: 1\r\n\r\n`,
    `${next}X\r\n\r\n`,
    `${next}X: a\r\n b\r\n\r\n`,
    `${next}X: a\nY: b\r\n\r\n`,
    `${next}X: a\rY: b\r\n\r\n`,
    `${next}X: a\x00b\r\n\r\n`,
    `${next}X: a\x7f\r\n\r\n`,
    `${next}\xe9: a\r\n\r\n`,
    `${next}X: ${"a".repeat(32 * 1024)}\r\n\r\n`,
    `${next}Content-Length: 2\r\ncontent-length: 2\r\n\r\n`,
    `${next}Content-Length: 2, 2\r\n\r\n`,
    `${next}Content-Length: +2\r\n\r\n`,
    `${next}Content-Length: 0x2\r\n\r\n`,
    `${next}Content-Length:\r\n\r\n`,
    `${next}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n`,
    `${next}Transfer-Encoding: gzip, chunked\r\n\r\n`,
    `${next}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`,
    `${next}Transfer-Encoding: identity\r\n\r\n`,
    "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    `${chunked}\r\n`,
    `${chunked}0x1\r\na\r\n`,
    `${chunked}-1\r\n`,
    `${chunked} 1\r\n`,
    `${chunked};x\r\n`,
    `${chunked}1 \r\na\r\n`,
    `${chunked}1 2\r\na\r\n`,
    `${chunked}1 ;x\r\na\r\n`,
    `${chunked}1;\r\na\r\n`,
    `${chunked}1;x y\r\na\r\n`,
    `${chunked}1;x="y\r\na\r\n`,
    `${chunked}1;x\na\r\n`,
    `${chunked}1;x\r`.padEnd(80, "\r"),
    `${chunked}1\na\r\n`,
    `${chunked}1\r\nab\r\n`,
    `${chunked}1\r\na\n`,
    `${chunked}1;x\x00\r\n`,
    `${chunked}${"1".repeat(20)}\r\n`,
    `${chunked}1;${"x".repeat(300)}\r\n`,
    `${chunked}0\r\nX: 1\n\r\n`,
    `${chunked}0\r\nX: 1\rY\r\n`,
    `${chunked}0\r\nX\r\n\r\n`,
    `${chunked}0\r\nX : 1\r\n\r\n`,
    `${chunked}0\r\nX: 1\r\n Y: 2\r\n\r\n`,
    `${chunked}0\r\nX: \x00\r\n\r\n`,
    `${chunked}0\r\nHTTP/1.1 200 OK\r\n\r\n`,
    `${chunked}0\r\ncontent-length: 3\r\n\r\n`,
    `${chunked}0\r\nTransfer-Encoding: chunked\r\n\r\n`,
    `${chunked}0\r\nX: ${"1".repeat(20_000)}\r\n\r\n`,
  ]) {
    assert.throws(() => read([bytes(text)]), UnreadableAnswerError, JSON.stringify(text.slice(0, 200)));
    assert.throws(() => read([...bytes(text)].map((byte) => Buffer.of(byte))), UnreadableAnswerError);
  }
});
