import assert from "node:assert/strict";
import { test } from "node:test";
import { asOneLine, createLineReader } from "../../../src/gateway/stdio/lines.ts";
import { elementsOf, replaced, spansOf } from "../../../src/gateway/stdio/spans.ts";

test("lines come out the same wherever the pipe cuts them", () => {
  const text = 'one\r\n\n{"é":"\u2028"}\n\nthree\nnot ended';
  for (let size = 1; size <= text.length; size++) {
    const lines: string[] = [];
    const read = createLineReader({ maxBytes: 100 }, (line) => void lines.push(line.toString()));
    const bytes = Buffer.from(text);
    for (let from = 0; from < bytes.length; from += size) read(bytes.subarray(from, from + size));
    assert.deepEqual(lines, ["one", '{"é":"\u2028"}', "three"]);
  }
});

test("a line that is too long is cut, or ends the reading, also when it comes in pieces", () => {
  const cut: string[] = [];
  const read = createLineReader({ maxBytes: 4 }, (line) => void cut.push(line.toString()));
  for (const piece of ["ab", "cdef", "gh\nx\n", "12345678\n"]) read(Buffer.from(piece));
  assert.deepEqual(cut, ["abcd", "x", "1234"]);

  const lines: string[] = [];
  let ended = 0;
  const strict = createLineReader(
    { maxBytes: 4, onTooLong: () => ended++ },
    (line) => void lines.push(`${line}`),
  );
  for (const piece of ["1234\n", "12", "345", "\nnext\n"]) strict(Buffer.from(piece));
  assert.deepEqual([lines, ended], [["1234"], 1]);
});

test("the members that decide are found wherever they stand, and replaced without touching anything else", () => {
  const json = Buffer.from(
    `{ "x":{"id":1,"params":{}} ,"params":{"_meta" : {"progressToken":1.0, "a":[{"progressToken":2}]},"requestId":"r"},` +
      `"\\u0069d" :  9007199254740993,"method":"a\\/b"}`,
  );
  const spans = spansOf(json);
  assert.ok(spans);
  assert.deepEqual(Object.keys(spans).sort(), [
    "id",
    "method",
    "params",
    "params._meta",
    "params._meta.progressToken",
    "params.requestId",
  ]);
  const edited = replaced(json, [
    [spans.id, "7"],
    [spans["params._meta.progressToken"], '"é"'],
    [spans["result._meta"], "never"],
    [spans.method, undefined],
  ]);
  assert.equal(edited.toString(), json.toString().replace("9007199254740993", "7").replace("1.0", '"é"'));
  for (const none of [
    '{"id":1,"id":2}',
    '{"id":1',
    "[1]",
    "{} x",
    '{"a":01}',
    '{"params":{"requestId":1,"requestId":1}}',
  ]) {
    assert.equal(spansOf(Buffer.from(none)), undefined, none);
  }
  assert.deepEqual(elementsOf(Buffer.from('[ {"a":1} ,2,"]" ]'))?.map(String), ['{"a":1}', "2", '"]"']);
  assert.equal(elementsOf(Buffer.from('{"a":[]}')), undefined);
});

test("line breaks of a text become spaces, and a text without any is not copied", () => {
  const plain = Buffer.from('{"a":1}');
  assert.equal(asOneLine(plain), plain);
  const broken = Buffer.from('{\r\n\t"a":\n"\\n\u2028"}');
  assert.equal(asOneLine(broken).toString(), '{  \t"a": "\\n\u2028"}');
  assert.equal(broken.includes(0x0a), true, "what was handed in is as it was");
});
