import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { StoreUnavailableError } from "../../src/oauth/store.ts";
import { batched, collected } from "../../src/storage/batching.ts";

test("a lone item is handed over when the event loop comes round", async () => {
  const batches: string[][] = [];
  const add = collected<string>((items) => batches.push(items));
  add("a");
  assert.deepEqual(batches, []);
  await turn();
  assert.deepEqual(batches, [["a"]]);
});

test("several wait for those that come in the next turns, and no longer", async () => {
  const batches: string[][] = [];
  const add = collected<string>((items) => batches.push(items));
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

test("what one request has at once waits for nobody, and what more have does", async () => {
  const batches: string[][] = [];
  const add = collected<string>((items) => batches.push(items), { turns: 2, ofOneRequest: 2 });
  for (const item of ["a", "b"]) add(item);
  await turn();
  assert.deepEqual(batches.splice(0), [["a", "b"]]);
  for (const item of ["a", "b", "c"]) add(item);
  await turn();
  add("d");
  assert.deepEqual(batches, []);
  await turn();
  assert.deepEqual(batches, [["a", "b", "c", "d"]]);
});

test("what arrives while a batch is handed over is the next batch", async () => {
  const batches: string[][] = [];
  const add = collected<string>((items) => {
    if (batches.push(items) === 1) add("b");
  });
  add("a");
  await turn();
  await turn();
  assert.deepEqual(batches, [["a"], ["b"]]);
});

/** Work on many items that ends when it is told to. */
function aSlowDatabase() {
  const runs: { readonly items: readonly string[]; end(): void; fail(error: Error): void }[] = [];
  const ask = batched(async (items: readonly string[]) => {
    const run = Promise.withResolvers<readonly string[]>();
    runs.push({ items, end: () => run.resolve(items.map((item) => `of ${item}`)), fail: run.reject });
    return run.promise;
  });
  const turns = async () => {
    for (let passed = 0; passed < 4; passed++) await turn();
  };
  return { runs, ask, turns };
}

test("callers who come together share a batch, and each gets its own answer", async () => {
  const { runs, ask, turns } = aSlowDatabase();
  const asked = Promise.all([ask("a"), ask("b"), ask("a")]);
  await turns();
  assert.deepEqual(
    runs.map(({ items }) => items),
    [["a", "b", "a"]],
  );
  runs[0]?.end();
  assert.deepEqual(await asked, ["of a", "of b", "of a"]);
});

test("with four batches under way the rest waits, and goes as one when the first of them ends", async () => {
  const { runs, ask, turns } = aSlowDatabase();
  const asked: Promise<string>[] = [];
  for (const item of ["a", "b", "c", "d", "e", "f"]) {
    asked.push(ask(item));
    await turns();
  }
  assert.equal(runs.length, 4);
  runs[2]?.end();
  await turns();
  assert.deepEqual(runs[4]?.items, ["e", "f"]);
  for (const run of runs) run.end();
  assert.deepEqual(
    await Promise.all(asked),
    ["a", "b", "c", "d", "e", "f"].map((item) => `of ${item}`),
  );
});

test("what one item breaks is tried for each by itself, but a store that cannot answer is not asked again", async () => {
  const { runs, ask, turns } = aSlowDatabase();
  const broken = Promise.allSettled([ask("good"), ask("bad")]);
  await turns();
  runs[0]?.fail(new Error("bad input"));
  await turns();
  runs[1]?.end();
  runs[2]?.fail(new Error("bad input"));
  const [good, bad] = await broken;
  assert.deepEqual([good?.status, bad?.status], ["fulfilled", "rejected"]);

  const away = Promise.allSettled([ask("one"), ask("two")]);
  await turns();
  runs[3]?.fail(new StoreUnavailableError("away"));
  for (const { status } of await away) assert.equal(status, "rejected");
  assert.equal(runs.length, 4);
});
