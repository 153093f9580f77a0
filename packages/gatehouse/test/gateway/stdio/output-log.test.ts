import assert from "node:assert/strict";
import { test } from "node:test";
import { createOutputLog } from "../../../src/gateway/stdio/output-log.ts";
import { createLog } from "../../../src/telemetry/log.ts";

const aLog = (format: "json" | "text") => {
  const lines: string[] = [];
  const log = createLog(
    { level: "info", format, tokenPrefixes: [] },
    { write: (line) => void lines.push(line) },
  );
  let now = 0;
  const note = createOutputLog("notes", log, { now: () => now, after: () => () => undefined });
  return { lines, note, pass: (ms: number) => (now += ms) };
};

test("what a child writes breaks no line of the log, drives no terminal, and gives no credential away", () => {
  for (const format of ["json", "text"] as const) {
    const { lines, note } = aLog(format);
    const evil =
      "\u001b]0;title\u0007 a\r\nlevel=error \u202egnp\u2028x Authorization: Bearer abcdefghijklmnopqrstuvwxyz";
    note("stderr", Buffer.from(evil));
    note("no message", Buffer.from([0x61, 0xff, 0xfe, 0x1b, 0x5b, 0x32, 0x4a]));
    assert.equal(lines.length, 2);
    // The one is what any program does, the other one's mistake.
    assert.match(lines[0] ?? "", /wrote to its standard error/);
    assert.match(lines[1] ?? "", /wrote what is no message/);
    for (const line of lines) {
      assert.match(line, /^[^\n\r]*\n$/);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
      assert.doesNotMatch(line, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2028\u2029]/);
      assert.doesNotMatch(line, /abcdefghijklmnop/);
    }
  }
});

test("of a child's output a hundred lines a minute are logged, of 2 KiB each, and how many were not", () => {
  const { lines, note, pass } = aLog("json");
  const long = Buffer.alloc(10_000, "é");
  for (let line = 0; line < 250; line++) note("stderr", long);
  assert.equal(lines.length, 100);
  const { output } = JSON.parse(lines[0] ?? "") as { output: string };
  assert.ok(Buffer.byteLength(output) <= 2048);
  pass(60_000);
  note("stderr", Buffer.from("later"));
  assert.match(lines[100] ?? "", /"lines":150/);
  assert.match(lines[101] ?? "", /"output":"later"/);
});
