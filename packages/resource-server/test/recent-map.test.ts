import assert from "node:assert/strict";
import { test } from "node:test";
import { RecentMap } from "../src/recent-map.ts";

test("a full map forgets what was put in longest ago, and what is put in again counts as new", () => {
  const map = new RecentMap<string, number>(3);
  for (const [key, value] of [
    ["a", 1],
    ["b", 2],
    ["c", 3],
    ["a", 4],
    ["d", 5],
  ] as const)
    map.put(key, value);
  assert.deepEqual(
    [...map],
    [
      ["c", 3],
      ["a", 4],
      ["d", 5],
    ],
  );
});
