import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { gather } from "../../src/storage/batch.ts";

test("a lone item is handed over when the event loop comes round", async () => {
  const batches: string[][] = [];
  const add = gather<string>((items) => batches.push(items));
  add("a");
  assert.deepEqual(batches, []);
  await turn();
  assert.deepEqual(batches, [["a"]]);
});

test("several wait for those that come in the next turns, and no longer", async () => {
  const batches: string[][] = [];
  const add = gather<string>((items) => batches.push(items));
  for (const item of ["a", "b"]) add(item);
  await turn();
  add("c");
  await turn();
  add("d");
  await turn();
  assert.deepEqual(batches, [["a", "b", "c", "d"]]);
  add("e");
  await turn();
  assert.deepEqual(batches, [["a", "b", "c", "d"], ["e"]]);
});

test("what arrives while a batch is handed over is the next batch", async () => {
  const batches: string[][] = [];
  const add = gather<string>((items) => {
    if (batches.push(items) === 1) add("b");
  });
  add("a");
  await turn();
  await turn();
  assert.deepEqual(batches, [["a"], ["b"]]);
});
