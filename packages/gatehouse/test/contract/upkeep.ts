import assert from "node:assert/strict";
import { test } from "node:test";
import { type Subject, seconds } from "../../src/oauth/values.ts";
import { aClient, aGrant, aHash, anAccount, aToken, later, now, times, unique } from "./records.ts";
import type { StoreUnderTest } from "./store-under-test.ts";

/** What a store promises about removal and sweeping. */
export function upkeepContract(tested: StoreUnderTest): void {
  test("T09 removing a client or a person takes everything of theirs along, in one step", async () => {
    const byClient = await tested.aLiveGrant();
    assert.equal(await tested.store.removeClient(byClient.grant.clientId), true);
    assert.equal(await tested.store.removeClient(byClient.grant.clientId), false);
    assert.equal(await tested.store.findGrant(byClient.grant.id, now), undefined);
    assert.equal(await tested.store.findAccessToken(byClient.token.tokenHash, now), undefined);

    const subject = `user_${unique()}` as Subject;
    const sessionHash = aHash();
    const account = anAccount({
      subject,
      issuer: "https://idp.example",
      upstreamSubject: "gone",
      email: "gone@example.com",
    });
    await tested.store.openSession({
      sessionHash,
      replaces: undefined,
      account,
      authTime: now,
      expiresAt: later(1000),
    });
    const waiting = await tested.anIssuedCode({ subject });
    const redeemed = await tested.anIssuedCode({ subject });
    const grant = aGrant(redeemed);
    const token = aToken(grant);
    await tested.store.redeemCode(redeemed.codeHash, now, grant, token);
    const ended = await tested.store.removeAccount(subject);
    assert.deepEqual(ended, { sessions: 1, codes: 1, grants: [grant] });
    assert.equal(await tested.store.removeAccount(subject), undefined);
    assert.equal(await tested.store.findSession(sessionHash, now, seconds(100)), undefined);
    assert.equal(await tested.store.findCode(waiting.codeHash), undefined);
    assert.equal(await tested.store.findGrant(grant.id, now), undefined);
    assert.equal(await tested.store.findAccessToken(token.tokenHash, now), undefined);
  });

  test("a client with more grants than go in a step is worth nothing from the first step on, and gone with the last", async () => {
    const bystander = await tested.aLiveGrant();
    const client = aClient();
    await tested.store.addClient(client);
    const held = await Promise.all(times(520, () => tested.aLiveGrantOf(client)));
    const isWorthless = async ({ grant, token }: (typeof held)[number]) => {
      const [found, live] = await Promise.all([
        tested.store.findGrant(grant.id, now),
        tested.store.findAccessToken(token.tokenHash, now),
      ]);
      return [found, live].every((each) => each === undefined || each.standing?.left === true);
    };
    assert.deepEqual(await Promise.all(held.slice(0, 3).map(isWorthless)), [false, false, false]);
    let isDone = false;
    const removal = tested.store.removeClient(client.id).finally(() => {
      isDone = true;
    });
    while (!isDone) {
      const isBegun = (await Promise.all(held.map(isWorthless))).includes(true);
      if (isBegun) assert.ok((await Promise.all(held.map(isWorthless))).every(Boolean));
    }
    assert.equal(await removal, true);
    assert.equal(await tested.store.findClient(client.id), undefined);
    for (const { grant } of held) assert.equal(await tested.store.findGrant(grant.id, now), undefined);
    assert.equal(await tested.rotate(bystander.grant, 1), "rotated");
  });

  test("a person with more grants than go in a step loses all of them, and is told how many", async () => {
    const subject = `user_${unique()}` as Subject;
    const client = aClient();
    await tested.store.addClient(client);
    const session = { sessionHash: aHash(), replaces: undefined, authTime: now, expiresAt: later(9) };
    await tested.store.openSession({ ...session, account: anAccount({ subject }) });
    const held = await Promise.all(times(520, () => tested.aLiveGrantOf(client, { subject })));
    const blocked = await tested.store.blockAccount(subject, now);
    assert.deepEqual([blocked?.sessions, blocked?.grants.length], [1, 520]);
    for (const { token } of held) {
      assert.equal(await tested.store.findAccessToken(token.tokenHash, now), undefined);
    }
    assert.equal(await tested.store.unblockAccount(subject), true);
    await Promise.all(times(520, () => tested.aLiveGrantOf(client, { subject })));
    assert.equal((await tested.store.removeAccount(subject))?.grants.length, 520);
    assert.deepEqual((await tested.store.findHoldings(subject, now)).grants, []);
  });

  test("a store that can do its work has no problems", async () => {
    assert.deepEqual(await Promise.all(times(3, () => tested.store.findProblems())), [[], [], []]);
  });

  test("uses of a budget are counted for everybody at once, and begin anew with each window", async () => {
    const [one, other] = [unique(), unique()];
    const use = (key: string, windowStart: number, count = 1) => ({
      key,
      windowStart: seconds(windowStart),
      count,
    });
    assert.deepEqual(await tested.store.useBudgets([use(one, 60), use(other, 60, 5)]), [1, 5]);
    const raced = await Promise.all(times(50, () => tested.store.useBudgets([use(other, 60), use(one, 60)])));
    assert.deepEqual(
      raced.map(([, count]) => count).toSorted((a = 0, b = 0) => a - b),
      Array.from({ length: 50 }, (_, at) => at + 2),
    );
    assert.deepEqual(await tested.store.useBudgets([use(one, 120)]), [1], "a new window");
    assert.deepEqual(await tested.store.useBudgets([use(one, 60)]), [2], "an instance whose clock is behind");
    assert.deepEqual(await tested.store.useBudgets([use(one, 120)]), [3]);
    assert.deepEqual(await tested.store.useBudgets([]), []);
    await tested.store.sweep(seconds(120 + 86_400), 1000, seconds(10 ** 9));
    assert.deepEqual(await tested.store.useBudgets([use(one, 120)]), [1], "it was swept away");
  });

  test("a sweep takes what is dead, at most so many of each kind, and leaves the living", async () => {
    await tested.sweepEverything(seconds(now - 1));
    const living = await tested.aLiveGrant();
    await Promise.all(times(3, () => tested.aLiveGrant({ expiresAt: later(5) })));
    const dead = later(600); // the access tokens' end; the codes' rows stay for an hour
    const swept = await tested.store.sweep(dead, 2, seconds(90 * 86_400));
    assert.equal(swept.accessTokens, 2);
    assert.equal(swept.grants, 2);
    assert.equal(swept.codes, 0);
    const rest = await tested.sweepEverything(dead);
    assert.ok(rest.accessTokens >= 2 && rest.grants >= 1);
    assert.ok(await tested.store.findGrant(living.grant.id, later(999)));
    assert.ok((await tested.sweepEverything(later(3600))).codes >= 4);
  });

  test("H20 a client that registered itself goes when idle without a live grant, any other stays", async () => {
    const idle = seconds(1000);
    const never = aClient({ createdAt: seconds(now - 1000) });
    const fresh = aClient({ createdAt: seconds(now - 999) });
    const operators = aClient({ createdAt: seconds(1), dynamicallyRegistered: false });
    for (const client of [never, fresh, operators]) await tested.store.addClient(client);
    const { grant } = await tested.aLiveGrant({ expiresAt: later(5000), endsAt: later(5000) });
    assert.equal(await tested.rotate(grant, 1, later(500)), "rotated"); // pushes its end to now + 2000
    await tested.store.sweep(now, 1000, idle);
    assert.equal(await tested.store.findClient(never.id), undefined);
    assert.ok(await tested.store.findClient(fresh.id));
    await tested.sweepEverything(later(1999), idle);
    assert.ok(await tested.store.findClient(grant.clientId), "its grant is alive");
    await tested.sweepEverything(later(2000), seconds(1600));
    assert.ok(
      await tested.store.findClient(grant.clientId),
      "its grant is gone, but it refreshed 1500 seconds ago",
    );
    await tested.sweepEverything(later(2100), seconds(1600));
    assert.equal(await tested.store.findClient(grant.clientId), undefined);
    assert.ok(await tested.store.findClient(operators.id));
  });
}
