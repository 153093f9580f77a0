import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { test } from "node:test";
import { seconds } from "../../src/oauth/values.ts";
import { aToken, type Given, later, now, strict, unique } from "./stories.ts";

const aFingerprint = () => hash("sha256", unique(), "hex").slice(0, 32);

/** What a store promises about the keys of refresh tokens. The last of the contract: it needs a store in which no token lives, and leaves one. */
export function keysContract(given: Given): void {
  const [first, second, third] = [aFingerprint(), aFingerprint(), aFingerprint()];
  const known = async () => (await given.store.findKeys(now)).known.map(({ fingerprint }) => fingerprint);

  test("before any token lives each key is welcome, and what a process makes tokens with is noted", async () => {
    await given.sweepEverything(later(1_000_000));
    assert.deepEqual(await given.store.findKeys(now), { known: [], live: false });
    assert.equal(await given.store.startWithKeys([first, second], now), true);
    assert.deepEqual(await given.store.findKeys(now), {
      known: [{ fingerprint: first, since: now, startedAt: now }],
      live: false,
    });
    assert.equal(await given.store.startWithKeys([third], later(1)), true);
    assert.deepEqual(await known(), [third, first]);
    assert.equal(await given.store.forgetKeys([first, third, second]), 2);
    await given.aLiveGrant({ generation: 0 });
    assert.equal((await given.store.findKeys(now)).live, false, "it has no refresh token");
  });

  test("a database older than the notes counts all keys of its next start as its own, from then on only those it knows", async () => {
    const { grant } = await given.aLiveGrant();
    assert.equal(await given.store.startWithKeys([first, second], now), true);
    const { known: both, live } = await given.store.findKeys(now);
    assert.equal(live, true);
    assert.deepEqual(both, [
      { fingerprint: first, since: undefined, startedAt: now },
      { fingerprint: second, since: undefined, startedAt: undefined },
    ]);
    assert.equal(await given.store.startWithKeys([third], later(1)), false);
    assert.deepEqual((await given.store.findKeys(now)).known, both, "nothing changed");
    assert.equal(await given.store.startWithKeys([third, second], later(2)), true, "the second is known");
    assert.deepEqual(await known(), [third, first, second]);
    assert.equal(await given.store.forgetKeys([third]), 1);
    assert.equal(await given.store.startWithKeys([third], later(3)), false);
    assert.equal(await given.store.startWithKeys([third], later(3), "anyway"), true);
    assert.equal(await given.store.startWithKeys([third], grant.expiresAt), true);
    assert.equal(await given.store.startWithKeys([first], later(4)), true);
    assert.deepEqual(await known(), [third, first, second], "the latest start stands first");
    await given.store.forgetKeys(await known());
  });

  test("live grants with a refresh token are counted by the key of their last refresh", async () => {
    await given.sweepEverything(later(1_000_000));
    const old = await given.aLiveGrant({ keyId: undefined });
    const { grant } = await given.aLiveGrant({ keyId: -5 });
    const moved = await given.aLiveGrant({ keyId: -5 });
    await given.aLiveGrant({ keyId: -5, generation: 0 });
    await given.aLiveGrant({ keyId: -5, expiresAt: later(1) });
    await given.store.rotateGrant({
      ...{ grantId: moved.grant.id, presented: 1, now, replay: strict, keyId: 2_000_000_000 },
      ...{ expiresAt: seconds(now + 100), accessToken: aToken(moved.grant) },
    });
    const { people, byKey } = await given.store.countGrants(later(1));
    assert.equal(people, new Set([old.grant, grant, moved.grant].map(({ subject }) => subject)).size);
    const sorted = byKey.toSorted((a, b) => (a.keyId ?? 0) - (b.keyId ?? 0));
    assert.deepEqual(sorted, [
      { keyId: -5, grants: 1, people: 1 },
      { keyId: undefined, grants: 1, people: 1 },
      { keyId: 2_000_000_000, grants: 1, people: 1 },
    ]);
    assert.equal((await given.store.findGrant(moved.grant.id, now))?.keyId, 2_000_000_000);
    await given.sweepEverything(later(1_000_000));
  });

  test("of two that start at once with keys of their own neither refuses the other", async () => {
    const started = await Promise.all([first, second].map((key) => given.store.startWithKeys([key], now)));
    assert.deepEqual(started, [true, true]);
    assert.deepEqual(new Set(await known()), new Set([first, second]));
    await given.store.forgetKeys([first, second]);
  });
}
