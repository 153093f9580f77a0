import assert from "node:assert/strict";
import { test } from "node:test";
import { startGrantUses } from "../../src/insight/uses.ts";
import type { GrantUse, UseStore } from "../../src/oauth/store/uses.ts";
import { type GrantId, seconds } from "../../src/oauth/values.ts";

const [one, other] = ["grant-1", "grant-2"] as [GrantId, GrantId];

function aStart(noteUses: UseStore["noteUses"]) {
  let now = 1000;
  const lost: unknown[] = [];
  const uses = startGrantUses({
    store: { noteUses, findUses: async () => new Map() },
    clock: { now: () => seconds(now) },
    onLost: (error) => lost.push(error),
  });
  return {
    uses,
    lost,
    sleep: (by: number) => {
      now += by;
    },
  };
}

test("however often a grant is used, it is written once at a time, with its last use to the minute and its address", async () => {
  const written: GrantUse[][] = [];
  const { uses, sleep } = aStart(async (some) => void written.push([...some]));
  uses.note(one, { address: "192.0.2.1" });
  for (let times = 0; times < 1000; times++) {
    uses.note(one);
    sleep(0.2);
  }
  uses.note(other);
  await uses.flush();
  const [batch, ...others] = written;
  assert.deepEqual(others, []);
  const [first, second] = batch ?? [];
  assert.deepEqual([first?.grantId, first?.address], [one, "192.0.2.1"]);
  assert.ok((first?.usedAt ?? 0) > 1140, `${first?.usedAt}`);
  assert.deepEqual(second, { grantId: other, usedAt: 1200, address: undefined });
  await uses.flush();
  assert.equal(written.length, 1, "what nobody used is not written again");
  uses.note(other);
  await uses.stop();
  assert.equal(written.length, 2);
});

test("while the use that the store knows of is young none is noted, but for an address", async () => {
  const written: GrantUse[] = [];
  const { uses, sleep } = aStart(async (some) => void written.push(...some));
  const storedAt = seconds(1000);
  uses.note(one, { storedAt });
  sleep(269);
  uses.note(one, { storedAt });
  await uses.flush();
  assert.deepEqual(written, []);
  uses.note(one, { storedAt, address: "192.0.2.1" });
  sleep(1);
  uses.note(other, { storedAt });
  await uses.stop();
  assert.deepEqual(written, [
    { grantId: one, usedAt: 1269, address: "192.0.2.1" },
    { grantId: other, usedAt: 1270, address: undefined },
  ]);
});

test("a store that does not take it loses a use, no more, and is told of", async () => {
  const answers = [Promise.reject(new Error("away")), Promise.resolve()];
  const { uses, lost } = aStart(() => answers.shift() ?? Promise.resolve());
  uses.note(one);
  await uses.flush();
  assert.equal(lost.length, 1);
  uses.note(one);
  await uses.stop();
  assert.equal(lost.length, 1);
  assert.equal(answers.length, 0);
});

test("a store that is still writing with rests when the server stops goes on without", async () => {
  const hurried = Promise.withResolvers<void>();
  const { uses, lost } = aStart((_some, hurry) => {
    hurry?.addEventListener("abort", () => hurried.resolve());
    return hurried.promise;
  });
  uses.note(one);
  void uses.flush();
  await new Promise(setImmediate);
  await uses.stop();
  assert.deepEqual(lost, []);
});
