import assert from "node:assert/strict";
import { test } from "node:test";
import { singleFlight } from "../../src/caching/single-flight.ts";

/** Work that ends when it is told to, and says how often it began. */
function aSlowWork() {
  const runs: PromiseWithResolvers<string>[] = [];
  const told: unknown[][] = [];
  const share = singleFlight((key: string, asker: string) => {
    told.push([key, asker]);
    const run = Promise.withResolvers<string>();
    runs.push(run);
    return run.promise;
  });
  return { runs, told, share };
}

test("callers with one key share a run, callers with another have their own", async () => {
  const { runs, told, share } = aSlowWork();
  const shared = [share("a", "first"), share("a", "second"), share("b", "third")];
  assert.deepEqual(told, [
    ["a", "first"],
    ["b", "third"],
  ]);
  runs[0]?.resolve("of a");
  runs[1]?.resolve("of b");
  assert.deepEqual(await Promise.all(shared), ["of a", "of a", "of b"]);
});

test("whoever comes after the run has ended starts another", async () => {
  const { runs, share } = aSlowWork();
  const first = share("a", "");
  assert.equal(share.running("a"), first);
  runs[0]?.resolve("one");
  assert.equal(await first, "one");
  assert.equal(share.running("a"), undefined);
  const second = share("a", "");
  runs[1]?.resolve("two");
  assert.equal(await second, "two");
});

test("a failure is everybody's who shared the run, and the next caller tries again", async () => {
  const { runs, share } = aSlowWork();
  const shared = [share("a", ""), share("a", "")];
  runs[0]?.reject(new Error("out of order"));
  for (const each of shared) await assert.rejects(each, /out of order/);
  const again = share("a", "");
  runs[1]?.resolve("mended");
  assert.equal(await again, "mended");
});
