import assert from "node:assert/strict";
import { test } from "node:test";
import { zstdCompressSync } from "node:zlib";
import type { SealedRecord } from "../../src/oauth/audit-record.ts";
import { type AuditBlock, blocksOf, recordsIn } from "../../src/storage/audit-blocks.ts";
import { packedText, unpackedText } from "../../src/storage/packed-text.ts";

const record = (sequence: number): SealedRecord => ({
  chain: "ABCDEFGHJKMN",
  sequence,
  time: 1_790_000_000_000 + sequence,
  name: "code_redeemed",
  outcome: "success",
  subject: `user_${sequence}`,
  client: undefined,
  resource: "https://notes.example.com/mcp",
  grant: undefined,
  address: undefined,
  reference: undefined,
  body: JSON.stringify({ actor: { kind: "client" }, instance: "web-1", facts: { scope: "notes:read ü" } }),
  mac: `mac${sequence}`,
});
const records = (count: number) => Array.from({ length: count }, (_, n) => record(n + 1));
const onlyBlock = (count: number): AuditBlock => {
  const [block, ...others] = blocksOf(records(count));
  return block !== undefined && others.length === 0 ? block : assert.fail("one block");
};

test("long text is stored in less than a half, short text as it is, and both are read", () => {
  const short = onlyBlock(3);
  assert.match(short.records, /^\[\[1,.*user_2/);
  assert.deepEqual(recordsIn(short), records(3));
  const long = onlyBlock(200);
  assert.match(long.records, /^[A-Za-z0-9+/]+=*$/);
  assert.ok(long.records.length < JSON.stringify(records(200)).length / 2);
  assert.deepEqual(recordsIn(long), records(200));
  // As it was stored before anything was packed.
  const before = { ...long, records: unpackedText(long.records) };
  assert.deepEqual(recordsIn(before), records(200));
});

test("what somebody put in the place of packed text holds no record, and fills no memory", () => {
  const bomb = zstdCompressSync(Buffer.alloc(200_000_000, "[")).toString("base64");
  assert.throws(() => unpackedText(bomb), { code: "ERR_BUFFER_TOO_LARGE" });
  const block = onlyBlock(200);
  const cut = block.records.slice(0, 400);
  for (const text of [
    "",
    "x",
    "not base64!",
    cut,
    bomb,
    packedText(" ".repeat(5000)),
    packedText("[1,".repeat(5000)),
  ])
    assert.deepEqual(recordsIn({ ...block, records: text }), [], text.slice(0, 20));
});
