import assert from "node:assert/strict";
import { test } from "node:test";
import type { Account } from "../../src/oauth/records.ts";
import { seconds } from "../../src/oauth/values.ts";
import { aGrant, aHash, anAccount, aToken, count, later, now, times, unique } from "./records.ts";
import type { StoreUnderTest } from "./store-under-test.ts";

/** What a store promises when a provider says that somebody signed out there. */
export function providerLogoutContract(tested: StoreUnderTest): void {
  async function signIn(account: Account, sid?: string) {
    const sessionHash = aHash();
    const session = { replaces: undefined, account, authTime: now, expiresAt: later(900), sid };
    await tested.store.openSession({ sessionHash, ...session });
    return async () => (await tested.store.findSession(sessionHash, now, seconds(100))) !== undefined;
  }

  async function allow({ subject }: Account) {
    const waiting = await tested.anIssuedCode({ subject });
    const code = await tested.anIssuedCode({ subject });
    const grant = aGrant(code);
    const token = aToken(grant);
    await tested.store.redeemCode(code.codeHash, now, grant, token);
    return async () =>
      [
        await tested.store.findCode(waiting.codeHash),
        await tested.store.findGrant(grant.id, now),
        await tested.store.findAccessToken(token.tokenHash, now),
      ].filter((each) => each !== undefined).length;
  }

  const notice = { issuer: "https://idp.example", subject: undefined, endsGrants: false };
  const told = (over: Partial<Parameters<typeof tested.store.signOutByProvider>[0]>) =>
    tested.store.signOutByProvider({
      noticeHash: aHash(),
      acceptedUntil: later(600),
      sid: undefined,
      ...notice,
      ...over,
    });

  test("a provider's session that ended ends what it opened, of its own people, and a person all of theirs", async () => {
    const [ada, bob] = [anAccount(), anAccount()];
    const elsewhere = anAccount({ issuer: "https://other.example" });
    const sid = unique();
    const adas = [await signIn(ada, sid), await signIn(ada, unique()), await signIn(ada)];
    const others = [await signIn(bob, unique()), await signIn(elsewhere, sid)];
    const held = await allow(ada);
    const alive = (signedIn: readonly (() => Promise<boolean>)[]) => Promise.all(signedIn.map((is) => is()));
    assert.deepEqual(await told({ sid, subject: bob.subject }), { sessions: 0, grants: 0 }, "not his");
    assert.deepEqual(await told({ sid }), { sessions: 1, grants: 0 });
    assert.deepEqual(await alive(adas), [false, true, true]);
    assert.deepEqual(await told({ subject: ada.subject }), { sessions: 2, grants: 0 });
    assert.deepEqual(await alive(adas), [false, false, false]);
    assert.deepEqual(await alive(others), [true, true]);
    assert.deepEqual(await told({ sid: unique() }), { sessions: 0, grants: 0 });
    assert.equal(await held(), 3);
  });

  test("where it ends grants, those of whoever had the session go, with codes and tokens", async () => {
    const [ada, bob, cleo] = [anAccount(), anAccount(), anAccount()];
    const sid = unique();
    await signIn(ada, sid);
    await signIn(bob);
    await signIn(cleo);
    const held = [await allow(ada), await allow(bob), await allow(cleo)];
    assert.deepEqual(await told({ sid, endsGrants: true }), { sessions: 1, grants: 1 });
    assert.deepEqual(await told({ subject: bob.subject, endsGrants: true }), { sessions: 1, grants: 1 });
    assert.deepEqual(await Promise.all(held.map((count) => count())), [0, 0, 3]);
    assert.deepEqual(await told({ sid, endsGrants: true }), { sessions: 0, grants: 0 }, "nobody is named");
  });

  test("one notice acts once, and is forgotten when it would be refused for its age", async () => {
    const ada = anAccount();
    await signIn(ada);
    const noticeHash = aHash();
    const same = () => told({ noticeHash, subject: ada.subject });
    const outcomes = await Promise.all(times(8, same));
    assert.equal(count(outcomes, undefined), 7);
    await signIn(ada);
    await tested.store.sweep(later(599), 1000, seconds(90 * 86_400));
    assert.equal(await same(), undefined);
    for (;;) if ((await tested.store.sweep(later(600), 1000, seconds(90 * 86_400))).assertions < 1000) break;
    assert.deepEqual(await same(), { sessions: 1, grants: 0 });
  });
}
