import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { test } from "node:test";
import type { Subject } from "../../src/oauth/values.ts";
import { aRotation, later, now, unique } from "./records.ts";
import type { StoreUnderTest } from "./store-under-test.ts";

const aFingerprint = () => hash("sha256", unique(), "hex").slice(0, 32);

/**
 * What a store promises about the keys of refresh tokens. The last of the contract: it needs a store in which
 * no token lives, and leaves one.
 */
export function keysContract(tested: StoreUnderTest): void {
  const [first, second, third] = [aFingerprint(), aFingerprint(), aFingerprint()];
  const known = async () => (await tested.store.findKeys(now)).known.map(({ fingerprint }) => fingerprint);

  test("before any token lives each key is welcome, and what a process makes tokens with is noted", async () => {
    await tested.sweepEverything(later(1_000_000));
    assert.deepEqual(await tested.store.findKeys(now), { known: [], live: false });
    assert.equal(await tested.store.startWithKeys([first, second], now), true);
    assert.deepEqual(await tested.store.findKeys(now), {
      known: [{ fingerprint: first, since: now, startedAt: now }],
      live: false,
    });
    assert.equal(await tested.store.startWithKeys([third], later(1)), true);
    assert.deepEqual(await known(), [third, first]);
    assert.equal(await tested.store.forgetKeys([first, third, second]), 2);
    await tested.aLiveGrant({ generation: 0 });
    assert.equal((await tested.store.findKeys(now)).live, false, "it has no refresh token");
  });

  test("a database older than the notes counts all keys of its next start as its own, from then on only those it knows", async () => {
    const { grant } = await tested.aLiveGrant();
    assert.equal(await tested.store.startWithKeys([first, second], now), true);
    const { known: both, live } = await tested.store.findKeys(now);
    assert.equal(live, true);
    assert.deepEqual(both, [
      { fingerprint: first, since: undefined, startedAt: now },
      { fingerprint: second, since: undefined, startedAt: undefined },
    ]);
    assert.equal(await tested.store.startWithKeys([third], later(1)), false);
    assert.deepEqual((await tested.store.findKeys(now)).known, both, "nothing changed");
    assert.equal(await tested.store.startWithKeys([third, second], later(2)), true, "the second is known");
    assert.deepEqual(await known(), [third, first, second]);
    assert.equal(await tested.store.forgetKeys([third]), 1);
    assert.equal(await tested.store.startWithKeys([third], later(3)), false);
    assert.equal(await tested.store.startWithKeys([third], later(3), "anyway"), true);
    assert.equal(await tested.store.startWithKeys([third], grant.expiresAt), true);
    assert.equal(await tested.store.startWithKeys([first], later(4)), true);
    assert.deepEqual(
      await known(),
      [first, third, second],
      "the last start stands first, whatever its clock says",
    );
    for (const key of [third, first, third]) {
      assert.equal(await tested.store.startWithKeys([key], grant.expiresAt), true);
      assert.equal((await known())[0], key, "within one second too");
    }
    await tested.store.forgetKeys(await known());
  });

  test("live grants with a refresh token are counted by the key of their last refresh", async () => {
    await tested.sweepEverything(later(1_000_000));
    const old = await tested.aLiveGrant({ keyId: undefined });
    const { grant } = await tested.aLiveGrant({ keyId: -5 });
    const moved = await tested.aLiveGrant({ keyId: -5 });
    await tested.aLiveGrant({ keyId: -5, generation: 0 });
    await tested.aLiveGrant({ keyId: -5, expiresAt: later(1) });
    await tested.store.rotateGrant(
      aRotation(moved.grant, 1, { keyId: 2_000_000_000, expiresAt: later(100) }),
    );
    const { people, byKey } = await tested.store.countGrants(later(1));
    assert.equal(people, new Set([old.grant, grant, moved.grant].map(({ subject }) => subject)).size);
    const sorted = byKey.toSorted((a, b) => (a.keyId ?? 0) - (b.keyId ?? 0));
    assert.deepEqual(sorted, [
      { keyId: -5, grants: 1, people: 1 },
      { keyId: undefined, grants: 1, people: 1 },
      { keyId: 2_000_000_000, grants: 1, people: 1 },
    ]);
    assert.equal((await tested.store.findGrant(moved.grant.id, now))?.keyId, 2_000_000_000);
    await tested.sweepEverything(later(1_000_000));
  });

  test("many grants of many people are counted too, each once", async () => {
    const people = Array.from({ length: 400 }, () => `user_${unique()}` as Subject);
    const grants = Array.from({ length: 2500 }, (_, n) => ({
      subject: people[(n * n) % people.length] as Subject,
      keyId: n % 3,
    }));
    await Promise.all(grants.map((each) => tested.aLiveGrant(each)));
    const { people: found, byKey } = await tested.store.countGrants(later(1));
    assert.equal(found, new Set(grants.map(({ subject }) => subject)).size);
    for (const key of [0, 1, 2]) {
      const own = grants.filter(({ keyId }) => keyId === key);
      assert.deepEqual(
        byKey.find(({ keyId }) => keyId === key),
        { keyId: key, grants: own.length, people: new Set(own.map(({ subject }) => subject)).size },
      );
    }
    await tested.sweepEverything(later(1_000_000));
  });

  test("of two that start at once with keys of their own neither refuses the other", async () => {
    const started = await Promise.all([first, second].map((key) => tested.store.startWithKeys([key], now)));
    assert.deepEqual(started, [true, true]);
    assert.deepEqual(new Set(await known()), new Set([first, second]));
    await tested.store.forgetKeys([first, second]);
  });
}
