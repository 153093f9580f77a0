import assert from "node:assert/strict";
import { test } from "node:test";
import { Cache } from "../../src/caching/cache.ts";

function aCache(maxEntries = 3) {
  const clock = { now: 100 };
  return { clock, cache: new Cache<string, number>({ maxEntries, now: () => clock.now }) };
}

test("an entry is there until it expires", () => {
  const { clock, cache } = aCache();
  cache.set("a", 1, 160);
  clock.now = 159;
  assert.equal(cache.get("a"), 1);
  clock.now = 160;
  assert.equal(cache.get("a"), undefined);
  assert.equal(cache.delete("a"), false, "and takes no room any more");
});

test("of too many entries the one set longest ago goes, however often it was read", () => {
  const { cache } = aCache();
  for (const [value, key] of ["a", "b", "c"].entries()) cache.set(key, value, 200);
  cache.get("a");
  cache.set("b", 9, 200); // anew, so that `c` is older
  cache.set("d", 3, 200);
  assert.equal(cache.get("a"), undefined);
  cache.set("e", 4, 200);
  assert.deepEqual(
    ["b", "c", "d", "e"].map((key) => cache.get(key)),
    [9, undefined, 3, 4],
  );
});

test("an entry is replaced by a later one, and can be taken out", () => {
  const { clock, cache } = aCache();
  cache.set("a", 1, 110);
  cache.set("a", 2, 120);
  clock.now = 115;
  assert.equal(cache.get("a"), 2);
  assert.equal(cache.delete("a"), true);
  assert.equal(cache.get("a"), undefined);
});
