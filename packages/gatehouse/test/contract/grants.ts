import assert from "node:assert/strict";
import { test } from "node:test";
import { maxReplayGenerations } from "../../src/oauth/store/grants.ts";
import { type GrantId, seconds } from "../../src/oauth/values.ts";
import { aGrant, aHash, anAccount, aRotation, aToken, count, later, now, strict, times } from "./records.ts";
import type { StoreUnderTest } from "./store-under-test.ts";

/** What a store promises about grants and access tokens. */
export function grantsContract(tested: StoreUnderTest): void {
  test("of fifty who present one generation one rotates, the others replay, and one lineage lives", async () => {
    const { grant } = await tested.aLiveGrant();
    const outcomes = await Promise.all(times(50, () => tested.rotate(grant, 1)));
    assert.equal(count(outcomes, "rotated"), 1);
    assert.equal(count(outcomes, "replayed"), 49);
    assert.deepEqual(await tested.store.findGrant(grant.id, now), {
      ...grant,
      generation: 2,
      expiresAt: later(2000),
    });
  });

  test("what new grants begin with grows whatever the clock does, or is left to chance", () => {
    const orders = [now, now, seconds(now - 5), later(1), later(1)].map((at) =>
      tested.store.nextGrantOrder(at),
    );
    if (orders[0] === undefined) return assert.equal(count(orders, undefined), orders.length);
    assert.deepEqual(
      orders,
      [...new Set(orders)].toSorted((left = 0, right = 0) => left - right),
    );
    assert.ok(orders.every((order = 0) => order >= now * 2 ** 16 && order < 2 ** 48));
  });

  test("a replay is forgiven for less than the window, and only for the generation before", async () => {
    const { grant } = await tested.aLiveGrant();
    assert.equal(await tested.rotate(grant, 1), "rotated");
    assert.equal(await tested.rotate(grant, 1, later(59)), "replayed");
    assert.equal(await tested.rotate(grant, 1, later(60)), "reused");
    assert.equal(await tested.rotate(grant, 2, later(60)), "rotated");
    assert.equal(await tested.rotate(grant, 1, later(61)), "reused", "two generations back");
    assert.equal((await tested.store.findGrant(grant.id, now))?.generation, 3);
  });

  test("where several generations are forgiven, each is from when it was superseded, with the live one", async () => {
    const { grant } = await tested.aLiveGrant();
    const forgiving = { ...strict, window: seconds(100), generations: 3 };
    for (const [at, presented] of [0, 30, 60].entries()) {
      assert.equal(await tested.rotate(grant, at + 1, later(presented), forgiving), "rotated");
    }
    assert.equal(await tested.rotate(grant, 1, later(99), forgiving), "replayed");
    assert.equal(await tested.rotate(grant, 2, later(129), forgiving), "replayed");
    const rotation = aRotation(grant, 3, { now: later(159), replay: forgiving });
    assert.deepEqual(await tested.store.rotateGrant(rotation), {
      outcome: "replayed",
      generation: 4,
    });
    assert.ok(
      rotation.accessToken && (await tested.store.findAccessToken(rotation.accessToken.tokenHash, now)),
    );
    assert.equal(await tested.rotate(grant, 1, later(100), forgiving), "reused");
    assert.equal(await tested.rotate(grant, 4, later(61), forgiving), "rotated");
    assert.equal(await tested.rotate(grant, 1, later(62), forgiving), "reused", "four generations back");
  });

  test("as many superseded generations are remembered as a policy may forgive, and no more", async () => {
    const { grant } = await tested.aLiveGrant();
    const widest = { ...strict, window: seconds(100), generations: maxReplayGenerations };
    for (let live = 1; live <= maxReplayGenerations + 1; live++) {
      assert.equal(await tested.rotate(grant, live, now, widest), "rotated");
    }
    assert.equal(await tested.rotate(grant, 2, later(1), widest), "replayed");
    assert.equal(await tested.rotate(grant, 1, later(1), widest), "reused");
  });

  test("a grant without a refresh token, an expired and an unknown one do not rotate", async () => {
    const fixed = await tested.aLiveGrant({ generation: 0 });
    assert.equal(await tested.rotate(fixed.grant, 0), "reused");
    const expired = await tested.aLiveGrant();
    assert.equal(await tested.rotate(expired.grant, 1, later(1000)), "gone");
    assert.equal(await tested.store.findGrant(expired.grant.id, later(1000)), undefined);
    assert.equal(await tested.rotate(aGrant(await tested.anIssuedCode()), 1), "gone");
  });

  test("a rotation that is refused stores no token", async () => {
    const { grant } = await tested.aLiveGrant();
    for (const live of [1, 2]) assert.equal(await tested.rotate(grant, live), "rotated");
    const accessToken = aToken(grant);
    const rotation = {
      grantId: grant.id,
      presented: 1,
      now,
      replay: strict,
      expiresAt: later(9),
      accessToken,
    };
    assert.deepEqual(await tested.store.rotateGrant(rotation), { outcome: "reused", reason: "superseded" });
    assert.equal(await tested.store.findAccessToken(accessToken.tokenHash, now), undefined);
  });

  test("revoking a grant during rotations leaves no live token behind", async () => {
    const { grant, token } = await tested.aLiveGrant();
    const tokens = times(20, () => aToken(grant));
    const rotations = tokens.map((accessToken) =>
      tested.store.rotateGrant(aRotation(grant, 1, { expiresAt: later(9), accessToken })),
    );
    const revoked = tested.store.revokeGrant(grant.id);
    const more = tokens.map(() => tested.rotate(grant, 1));
    assert.equal(await revoked, true);
    await Promise.all([...rotations, ...more]);
    const alive = await Promise.all(
      [token, ...tokens].map(({ tokenHash }) => tested.store.findAccessToken(tokenHash, now)),
    );
    assert.ok(alive.every((found) => found === undefined));
    assert.equal(await tested.store.revokeGrant(grant.id), false);
  });

  test("a grant, a code and a token come with the account of whoever they stand for, if there is one", async () => {
    const { store } = tested;
    const strangers = await tested.aLiveGrant();
    assert.deepEqual(await store.findGrantAndAccount(strangers.grant.id, now), {
      grant: strangers.grant,
      account: undefined,
    });
    const code = await tested.anIssuedCode();
    const { subject, email } = code;
    const account = anAccount({
      subject,
      email,
      name: "Ada",
      groups: ["org/admins", "a b"],
      confirmedAt: now,
    });
    await store.openSession({
      sessionHash: aHash(),
      replaces: undefined,
      account,
      authTime: now,
      expiresAt: later(9),
    });
    assert.deepEqual(await store.findCodeAndAccount(code.codeHash), {
      code: { ...code, used: false, grantId: undefined },
      account,
    });
    const grant = aGrant(code);
    const token = aToken(grant);
    await store.redeemCode(code.codeHash, now, grant, token);
    const found = await Promise.all([
      store.findGrantAndAccount(grant.id, now),
      store.findGrantAndAccount(strangers.grant.id, now),
      store.findAccessTokenAndAccount(token.tokenHash, now),
      store.findAccessTokenAndAccount(strangers.token.tokenHash, now),
    ]);
    assert.deepEqual(found, [
      { grant, account },
      { grant: strangers.grant, account: undefined },
      { token, account },
      { token: strangers.token, account: undefined },
    ]);
    assert.equal(await store.findGrantAndAccount(grant.id, grant.expiresAt), undefined);
    assert.equal(await store.findAccessTokenAndAccount(token.tokenHash, token.expiresAt), undefined);
    assert.equal(await store.findCodeAndAccount(aHash()), undefined);
  });

  test("what is taken from a grant's scope stays taken, whoever takes at the same moment", async () => {
    const { grant } = await tested.aLiveGrant({ scope: "a b c d" });
    const scopes = async () => {
      const found = await tested.store.findGrant(grant.id, now);
      return [found?.scope, found?.takenScope?.split(" ").sort().join(" ")];
    };
    await tested.store.narrowGrant(grant.id, "a b c d e");
    assert.deepEqual(await scopes(), ["a b c d", undefined]);
    await Promise.all([
      tested.store.narrowGrant(grant.id, "a b d"),
      tested.store.narrowGrant(grant.id, "c b a"),
      tested.rotate(grant, 1),
    ]);
    assert.deepEqual(await scopes(), ["a b", "c d"]);
    await tested.store.narrowGrant(grant.id, "a b c d");
    assert.deepEqual(await scopes(), ["a b", "c d"]);
    await tested.store.narrowGrant(grant.id, "");
    assert.deepEqual(await scopes(), ["", "a b c d"]);
    assert.equal(await tested.rotate(grant, 2), "rotated", "nothing else of it changed");
    await tested.store.narrowGrant("unknown" as GrantId, "a");
  });

  test("T06 an access token is found until it expires, swept or not, and can end alone", async () => {
    const { grant, token } = await tested.aLiveGrant();
    assert.deepEqual(await tested.store.findAccessToken(token.tokenHash, later(599)), token);
    assert.equal(await tested.store.findAccessToken(token.tokenHash, later(600)), undefined);
    assert.equal(await tested.store.revokeAccessToken(token.tokenHash), true);
    assert.equal(await tested.store.revokeAccessToken(token.tokenHash), false);
    assert.equal(await tested.store.findAccessToken(token.tokenHash, now), undefined);
    assert.ok(await tested.store.findGrant(grant.id, now));
  });
}
