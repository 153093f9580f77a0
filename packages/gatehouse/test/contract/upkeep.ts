import assert from "node:assert/strict";
import { test } from "node:test";
import { type Subject, seconds } from "../../src/oauth/values.ts";

import { aClient, aGrant, aHash, aToken, type Given, later, now, times, unique } from "./stories.ts";

/** What a store promises about removal and sweeping. */
export function upkeepContract(given: Given): void {
  test("T09 removing a client or a person takes everything of theirs along, in one step", async () => {
    const byClient = await given.aLiveGrant();
    assert.equal(await given.store.removeClient(byClient.grant.clientId), true);
    assert.equal(await given.store.removeClient(byClient.grant.clientId), false);
    assert.equal(await given.store.findGrant(byClient.grant.id, now), undefined);
    assert.equal(await given.store.findAccessToken(byClient.token.tokenHash, now), undefined);

    const subject = `user_${unique()}` as Subject;
    const sessionHash = aHash();
    const account = {
      subject,
      issuer: "https://idp.example",
      upstreamSubject: "gone",
      email: "gone@example.com",
    };
    await given.store.openSession({
      sessionHash,
      replaces: undefined,
      account,
      authTime: now,
      expiresAt: later(1000),
    });
    const waiting = await given.anIssuedCode({ subject });
    const redeemed = await given.anIssuedCode({ subject });
    const grant = aGrant(redeemed);
    const token = aToken(grant);
    await given.store.redeemCode(redeemed.codeHash, now, grant, token);
    assert.equal(await given.store.removeAccount(subject), true);
    assert.equal(await given.store.removeAccount(subject), false);
    assert.equal(await given.store.findSession(sessionHash, now, seconds(100)), undefined);
    assert.equal(await given.store.findCode(waiting.codeHash), undefined);
    assert.equal(await given.store.findGrant(grant.id, now), undefined);
    assert.equal(await given.store.findAccessToken(token.tokenHash, now), undefined);
  });

  test("a store that can do its work has no problems", async () => {
    assert.deepEqual(await Promise.all(times(3, () => given.store.findProblems())), [[], [], []]);
  });

  test("a sweep takes what is dead, at most so many of each kind, and leaves the living", async () => {
    await given.sweepEverything(seconds(now - 1));
    const living = await given.aLiveGrant();
    await Promise.all(times(3, () => given.aLiveGrant({ expiresAt: later(5) })));
    const dead = later(600); // the access tokens' end; the codes' rows stay for an hour
    const swept = await given.store.sweep(dead, 2, seconds(90 * 86_400));
    assert.equal(swept.accessTokens, 2);
    assert.equal(swept.grants, 2);
    assert.equal(swept.codes, 0);
    const rest = await given.sweepEverything(dead);
    assert.ok(rest.accessTokens >= 2 && rest.grants >= 1);
    assert.ok(await given.store.findGrant(living.grant.id, later(999)));
    assert.ok((await given.sweepEverything(later(3600))).codes >= 4);
  });

  test("H20 a client that registered itself goes when idle without a live grant, any other stays", async () => {
    const idle = seconds(1000);
    const never = aClient({ createdAt: seconds(now - 1000) });
    const fresh = aClient({ createdAt: seconds(now - 999) });
    const operators = aClient({ createdAt: seconds(1), dynamicallyRegistered: false });
    for (const client of [never, fresh, operators]) await given.store.addClient(client);
    const { grant } = await given.aLiveGrant({ expiresAt: later(5000), endsAt: later(5000) });
    assert.equal(await given.rotate(grant, 1, later(500)), "rotated"); // pushes its end to now + 2000
    await given.store.sweep(now, 1000, idle);
    assert.equal(await given.store.findClient(never.id), undefined);
    assert.ok(await given.store.findClient(fresh.id));
    await given.sweepEverything(later(1999), idle);
    assert.ok(await given.store.findClient(grant.clientId), "its grant is alive");
    await given.sweepEverything(later(2000), seconds(1600));
    assert.ok(
      await given.store.findClient(grant.clientId),
      "its grant is gone, but it refreshed 1500 seconds ago",
    );
    await given.sweepEverything(later(2100), seconds(1600));
    assert.equal(await given.store.findClient(grant.clientId), undefined);
    assert.ok(await given.store.findClient(operators.id));
  });
}
