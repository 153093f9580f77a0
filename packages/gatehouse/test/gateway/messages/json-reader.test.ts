import assert from "node:assert/strict";
import { test } from "node:test";
import { JsonError, JsonReader } from "../../../src/gateway/messages/json-reader.ts";

const limits = { maxDepth: 64, maxNumberLength: 1000 };

const texts = [
  "{}",
  "[]",
  ' {"a" : [1, -0.5e+10, "\\u00e9\\n", true, false, null, {"b":{}}] }\r\n\t',
  '"\\ud800"',
  "-0",
  "1E5",
  '{"":""}',
  '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","arguments":{"a":[[]]}}}',
  // and what is none
  "",
  " ",
  "{",
  "[1,]",
  '{"a":1,}',
  '{"a" 1}',
  "{a:1}",
  "01",
  "1.",
  ".5",
  "+1",
  "-",
  "1e",
  "NaN",
  "Infinity",
  "tru",
  "nul1",
  "[1 2]",
  '"\\x"',
  '"\\u12g4"',
  '"\\u12',
  '"\u0001"',
  '"a',
  "'a'",
  "1 2",
  "[1]]",
  "/**/1",
  "\ufeff1",
  "\u00a01",
  "[\u2028]",
];

test("reads as JSON exactly what JSON.parse reads, of texts changed in any place", () => {
  const random = generator(7);
  const inserted = [
    '"',
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "0",
    "1",
    "e",
    ".",
    "-",
    "u",
    " ",
    "\n",
    "\u0000",
    "é",
    "t",
  ];
  let valid = 0;
  for (let round = 0; round < 30_000; round++) {
    let text = texts[random(texts.length)] as string;
    for (let change = random(3); change > 0; change--) {
      const at = random(text.length + 1);
      const piece = inserted[random(inserted.length)] as string;
      text = text.slice(0, at) + (random(2) === 0 ? piece : "") + text.slice(at + random(2));
    }
    if (reads(Buffer.from(text))) valid++;
    assert.equal(reads(Buffer.from(text)), parses(text), JSON.stringify(text));
  }
  assert.ok(valid > 3000, `${valid} were JSON`);
});

test("reads each name and value where it stands", () => {
  const text = '{ "a\\u0062" : [ "x", 1.50 ], "c":{} }';
  const found: [string, string][] = [];
  const reader = new JsonReader(Buffer.from(text), limits);
  reader.object((_, start, end) => found.push([reader.textOf(start, end), reader.raw()]));
  reader.end();
  assert.deepEqual(found, [
    ["ab", '[ "x", 1.50 ]'],
    ["c", "{}"],
  ]);
});

test("reads 64 levels and no more, and no number of more than 1,000 characters", () => {
  const nested = (depth: number) => Buffer.from("[".repeat(depth) + "]".repeat(depth));
  assert.ok(reads(nested(64)));
  assert.equal(problemOf(nested(65)), "depth");
  assert.equal(problemOf(Buffer.from("[".repeat(100_000))), "depth");
  assert.ok(reads(Buffer.from("1".repeat(1000))));
  assert.equal(problemOf(Buffer.from("1".repeat(1001))), "number");
});

function reads(bytes: Buffer): boolean {
  return problemOf(bytes) === undefined;
}

function problemOf(bytes: Buffer): string | undefined {
  const reader = new JsonReader(bytes, limits);
  try {
    reader.skip();
    reader.end();
    return undefined;
  } catch (error) {
    assert.ok(error instanceof JsonError);
    return error.problem;
  }
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Numbers below `limit` by chance, the same ones each time. */
function generator(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}
