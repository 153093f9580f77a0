import assert from "node:assert/strict";
import { test } from "node:test";
import { maxReplayGenerations } from "../../src/oauth/store/grants.ts";
import { seconds } from "../../src/oauth/values.ts";
import { aToken, later, lossless, now, strict, times } from "./records.ts";
import type { StoreUnderTest } from "./store-under-test.ts";

const skippedAhead = (generation: number) => ({ outcome: "skipped_ahead", generation });
const replayed = (generation: number) => ({ outcome: "replayed", generation });
const skipped = { outcome: "reused", reason: "skipped" };
const superseded = { outcome: "reused", reason: "superseded" };

/** What a store promises about refresh tokens that come late, and about those that are ahead of it. */
export function lateRefreshesContract(tested: StoreUnderTest): void {
  test("G18 each outcome of a rotation is one atomic step that says what became of the grant", async () => {
    const { grant } = await tested.aLiveGrant();
    const find = () => tested.store.findGrant(grant.id, now);
    const accessToken = aToken(grant);
    const asked = { grantId: grant.id, replay: lossless, expiresAt: later(2000) };
    assert.deepEqual(await tested.present(grant, 1, now), { outcome: "rotated", generation: 2 });
    assert.deepEqual(await tested.present(grant, 1, later(59)), replayed(2));
    const late = { ...asked, presented: 1, now: later(60), expiresAt: later(2060), accessToken };
    assert.deepEqual(await tested.store.rotateGrant(late), skippedAhead(3));
    const moved = { ...grant, generation: 3, rotatedAt: later(60), expiresAt: later(2060) };
    assert.deepEqual(await find(), moved);
    assert.deepEqual(await tested.store.findAccessToken(accessToken.tokenHash, now), accessToken);
    assert.deepEqual(await tested.present(grant, 2, later(61)), skipped);
    assert.deepEqual(await find(), moved, "whoever is told to revoke has changed nothing");
    const ahead = { ...late, presented: 7, now: later(70), accessToken: aToken(grant) };
    assert.deepEqual(await tested.store.rotateGrant(ahead), { outcome: "fast_forwarded", generation: 8 });
    assert.deepEqual(await find(), { ...moved, generation: 8, rotatedAt: later(70) });
    assert.ok(await tested.store.findAccessToken(ahead.accessToken.tokenHash, now));
    assert.deepEqual(await tested.present(grant, 3, later(71)), superseded);
    await tested.store.revokeGrant(grant.id);
    assert.deepEqual(await tested.present(grant, 8, later(72)), { outcome: "gone" });
  });

  test("the preceding generation is late until its time is over, counted from its first use, and never when that is none", async () => {
    const { grant } = await tested.aLiveGrant();
    await tested.rotate(grant, 1);
    assert.deepEqual(await tested.present(grant, 1, later(60), strict), superseded);
    assert.deepEqual(await tested.present(grant, 1, later(899)), skippedAhead(3));
    assert.deepEqual(await tested.present(grant, 1, later(958)), replayed(3), "its own retry");
    assert.deepEqual(await tested.present(grant, 1, later(959)), superseded);
    assert.deepEqual(await tested.present(grant, 3, later(960)), { outcome: "rotated", generation: 4 });
  });

  test("a late one whose answer is lost again is late again, and every generation it passed is skipped", async () => {
    const { grant } = await tested.aLiveGrant();
    await tested.rotate(grant, 1);
    for (const [at, live] of [100, 200, 300].entries()) {
      assert.deepEqual(await tested.present(grant, 1, later(live)), skippedAhead(at + 3));
    }
    for (const passed of [2, 3, 4])
      assert.deepEqual(await tested.present(grant, passed, later(301)), skipped);
    assert.deepEqual(await tested.present(grant, 5, later(302)), { outcome: "rotated", generation: 6 });
    for (const passed of [2, 3, 4])
      assert.deepEqual(await tested.present(grant, passed, later(303)), skipped);
    assert.deepEqual(await tested.present(grant, 1, later(303)), superseded);
  });

  test("a skipped generation is never forgiven, not even where several older ones are", async () => {
    const { grant } = await tested.aLiveGrant();
    const wide = { window: seconds(100), generations: 8, late: seconds(900) };
    await tested.present(grant, 1, now, wide);
    await tested.present(grant, 2, later(90), wide);
    assert.deepEqual(await tested.present(grant, 2, later(190), wide), skippedAhead(4));
    assert.deepEqual(await tested.present(grant, 4, later(191), wide), { outcome: "rotated", generation: 5 });
    assert.deepEqual(await tested.present(grant, 3, later(191), wide), skipped);
    assert.deepEqual(await tested.present(grant, 4, later(191), wide), replayed(5));
    assert.deepEqual(
      await tested.present(grant, 2, later(191), { ...wide, window: seconds(102) }),
      replayed(5),
    );
    assert.deepEqual(await tested.present(grant, 2, later(191), wide), superseded);
  });

  test("of what was before a generation that was ahead nothing is forgiven, however much else is", async () => {
    const { grant } = await tested.aLiveGrant();
    const wide = { window: seconds(100), generations: 8, late: seconds(900) };
    for (const live of [1, 2, 3]) await tested.present(grant, live, now, wide);
    assert.deepEqual(await tested.present(grant, 7, now, wide), { outcome: "fast_forwarded", generation: 8 });
    for (const before of [6, 5, 4, 3]) {
      assert.deepEqual(await tested.present(grant, before, now, wide), superseded);
    }
    assert.deepEqual(await tested.present(grant, 7, now, wide), replayed(8));
  });

  test("it is remembered as long as a store remembers any that a generation was skipped", async () => {
    const { grant } = await tested.aLiveGrant();
    await tested.rotate(grant, 1);
    assert.deepEqual(await tested.present(grant, 1, later(60)), skippedAhead(3));
    const newest = maxReplayGenerations + 2;
    for (let live = 3; live < newest; live++) await tested.rotate(grant, live, later(61));
    assert.deepEqual(await tested.present(grant, 2, later(62)), skipped);
    assert.deepEqual(await tested.present(grant, newest, later(62)), {
      outcome: "rotated",
      generation: newest + 1,
    });
    assert.deepEqual(await tested.present(grant, 2, later(63)), superseded, "ends the grant all the same");
  });

  test("a generation cannot be passed over without end", async () => {
    const { grant } = await tested.aLiveGrant();
    await tested.rotate(grant, 1);
    const hasty = { ...lossless, window: seconds(0) };
    for (let live = 3; live <= maxReplayGenerations + 1; live++) {
      assert.deepEqual(await tested.present(grant, 1, later(live), hasty), skippedAhead(live));
    }
    assert.deepEqual(
      await tested.present(grant, 1, later(100), hasty),
      skippedAhead(maxReplayGenerations + 2),
    );
    assert.deepEqual(await tested.present(grant, 1, later(101), hasty), superseded);
  });

  test("of fifty late presenters at once one moves the grant ahead, and all are told of the same generation", async () => {
    const { grant } = await tested.aLiveGrant();
    await tested.rotate(grant, 1);
    const answers = await Promise.all(times(50, () => tested.present(grant, 1, later(60))));
    assert.deepEqual(
      answers.toSorted((left, right) => (left.outcome < right.outcome ? -1 : 1)),
      [...times(49, () => replayed(3)), skippedAhead(3)],
    );
    assert.equal((await tested.store.findGrant(grant.id, now))?.generation, 3);
  });

  test("of fifty at once with a generation ahead of the row one moves it, and the others replay", async () => {
    const { grant } = await tested.aLiveGrant();
    const answers = await Promise.all(times(50, () => tested.present(grant, 9, later(60))));
    assert.deepEqual(
      answers.toSorted((left, right) => (left.outcome < right.outcome ? -1 : 1)),
      [{ outcome: "fast_forwarded", generation: 10 }, ...times(49, () => replayed(10))],
    );
  });

  test("of the holders of the live and of the preceding generation at once, past the window, exactly one is answered", async () => {
    for (const round of times(10, () => 0).keys()) {
      const { grant } = await tested.aLiveGrant();
      await tested.rotate(grant, 1);
      const presented = round % 2 === 0 ? [1, 2] : [2, 1];
      const answers = await Promise.all(
        presented.map((generation) => tested.present(grant, generation, later(60))),
      );
      const outcomes = answers.map(({ outcome }) => outcome);
      assert.ok(outcomes.includes("reused"), outcomes.join());
      assert.ok(outcomes.includes("rotated") || outcomes.includes("skipped_ahead"), outcomes.join());
      assert.equal((await tested.store.findGrant(grant.id, now))?.generation, 3);
    }
  });

  test("of several generations ahead at once the newest is live in the end, whichever comes first", async () => {
    for (let round = 0; round < 10; round++) {
      const { grant } = await tested.aLiveGrant();
      const answers = await Promise.all(
        [4, 9, 5, 8].map((generation) => tested.present(grant, generation, now)),
      );
      assert.match(JSON.stringify(answers[1]), /"(?:fast_forwarded|rotated)","generation":10/);
      assert.equal((await tested.store.findGrant(grant.id, now))?.generation, 10);
    }
  });

  test("revoking a grant while late ones and ones ahead come leaves no live token behind", async () => {
    const { grant } = await tested.aLiveGrant();
    await tested.rotate(grant, 1);
    const tokens = times(20, () => aToken(grant));
    const asked = { grantId: grant.id, now: later(60), replay: lossless, expiresAt: later(900) };
    const present = tokens.map((accessToken, at) =>
      tested.store.rotateGrant({ ...asked, presented: at % 2 === 0 ? 1 : 9, accessToken }),
    );
    assert.equal(await tested.store.revokeGrant(grant.id), true);
    await Promise.all(present);
    const alive = await Promise.all(
      tokens.map(({ tokenHash }) => tested.store.findAccessToken(tokenHash, now)),
    );
    assert.ok(alive.every((found) => found === undefined));
  });
}
