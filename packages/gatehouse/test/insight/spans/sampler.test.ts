import assert from "node:assert/strict";
import { test } from "node:test";
import { isSampled } from "../../../src/insight/spans/sampler.ts";

/** Trace ids evenly over all there are. */
const ids = Array.from({ length: 1000 }, (_, at) =>
  Math.floor((at / 1000) * 2 ** 52)
    .toString(16)
    .padStart(32, "0"),
);
const parent = (sampled: boolean) => ({
  traceId: "a".repeat(32),
  spanId: "b".repeat(16),
  isSampled: sampled,
});

test("the ratio is that of the requests that are traced, and a trusted parent decides only where it is asked", () => {
  for (const ratio of [0, 0.25, 1]) {
    const traced = ids.filter((id) => isSampled({ isParentBased: true, ratio }, id, undefined));
    assert.equal(traced.length, ratio * 1000);
  }
  const [id = ""] = ids;
  for (const sampled of [true, false]) {
    assert.equal(isSampled({ isParentBased: true, ratio: sampled ? 0 : 1 }, id, parent(sampled)), sampled);
    assert.equal(isSampled({ isParentBased: false, ratio: sampled ? 0 : 1 }, id, parent(sampled)), !sampled);
  }
});
