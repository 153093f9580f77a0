import assert from "node:assert/strict";
import { test } from "node:test";
import type { Account } from "../../src/oauth/records.ts";
import { seconds } from "../../src/oauth/values.ts";
import { aGrant, aHash, anAccount, asAccount, aToken, later, now, times, unique } from "./records.ts";
import type { StoreUnderTest } from "./store-under-test.ts";

const minute = seconds(60);

/** What a store promises about asking a provider again whether it still knows a person. */
export function confirmationContract(tested: StoreUnderTest): void {
  const signIn = (account: Account, credential?: string | null) =>
    tested.store.openSession({
      sessionHash: aHash(),
      replaces: undefined,
      account,
      authTime: now,
      expiresAt: later(900),
      credential,
    });

  async function aPerson(credential: string | null = "sealed") {
    const account = anAccount({ email: `${unique()}@example.com`, confirmedAt: now });
    await signIn(account, credential);
    return account;
  }

  const claim = ({ subject }: Account, at = now) => tested.store.claimConfirmation(subject, at, minute);

  test("one caller a minute may ask a provider about a person, and gets what to ask with", async () => {
    const account = await aPerson();
    const claims = await Promise.all(times(8, () => claim(account)));
    const won = claims.filter((each) => each?.outcome === "claimed");
    assert.deepEqual(won, [{ outcome: "claimed", account, credential: "sealed" }]);
    for (const each of claims) {
      if (each?.outcome === "claimed") continue;
      assert.deepEqual(each, { outcome: "tried", account, triedAt: now, failingSince: undefined });
    }
    assert.equal((await claim(account, later(59)))?.outcome, "tried");
    assert.equal((await claim(account, later(60)))?.outcome, "claimed");
    assert.equal(await claim(anAccount()), undefined);
  });

  test("what to ask with stays over a sign-in that brings nothing new, and goes when it is to", async () => {
    const account = await aPerson();
    await signIn(account);
    assert.equal((await claim(account))?.outcome, "claimed");
    await signIn(account, "newer");
    const next = await claim(account, later(60));
    assert.equal(next?.outcome === "claimed" && next.credential, "newer");
    await signIn(account, null);
    assert.deepEqual(await claim(account, later(120)), { outcome: "unable" });
    await signIn(account, "again");
    await tested.store.forgetCredential(account.subject);
    assert.deepEqual(await claim(account, later(180)), { outcome: "unable" });
    assert.deepEqual(await claim(await aPerson(null)), { outcome: "unable" });
  });

  test("a confirmation brings up to date what is known of a person, but not against a block or another's address", async () => {
    const [account, other] = [await aPerson(), await aPerson()];
    const email = `${unique()}@example.com`;
    const confirmed = { ...account, email, name: "Ada", groups: undefined, confirmedAt: later(100) };
    assert.equal(await tested.store.confirmAccount(confirmed, "rotated"), "confirmed");
    const found = await tested.store.findAccount(account.subject);
    assert.deepEqual(found && asAccount(found), confirmed);
    const next = await claim(account);
    assert.equal(next?.outcome === "claimed" && next.credential, "rotated");

    const theirs = { ...account, email: other.email.toUpperCase() };
    assert.equal(await tested.store.confirmAccount(theirs, "x"), "held");
    assert.equal((await tested.store.findAccount(account.subject))?.email, email);

    const [outcome] = await Promise.all([
      tested.store.confirmAccount({ ...other, confirmedAt: later(7) }, "x"),
      tested.store.blockAccount(other.subject, now),
    ]);
    assert.ok(outcome === "confirmed" || outcome === "gone");
    assert.equal(await tested.store.confirmAccount(other, "x"), "gone");
    assert.deepEqual(await claim(other), { outcome: "unable" }, "a block forgets it");
    assert.equal(await tested.store.confirmAccount(anAccount(), "x"), "gone");
  });

  test("since when a provider gives no answer is the first failure after the last confirmation", async () => {
    const account = await aPerson();
    const note = (at: number) => tested.store.noteUnconfirmed(account.subject, later(at));
    assert.equal(await note(100), later(100));
    assert.equal(await note(200), later(100));
    await claim(account, later(200));
    const tried = await claim(account, later(210));
    assert.equal(tried?.outcome === "tried" && tried.failingSince, later(100));
    await tested.store.confirmAccount({ ...account, confirmedAt: later(300) }, "sealed");
    assert.equal(await note(400), later(400));
    assert.equal(await note(500), later(400));
    await signIn({ ...account, confirmedAt: later(600) });
    assert.equal(await note(700), later(700));
  });

  test("what to ask with goes with a person's last grant, a day after their sign-in at the earliest", async () => {
    const subjects = (await Promise.all(times(2, () => aPerson()))).map(({ subject }) => subject);
    const [idle = "" as never, busy = "" as never] = subjects;
    const code = await tested.anIssuedCode({ subject: busy });
    const grant = aGrant(code, { expiresAt: later(90 * 86_400), endsAt: later(90 * 86_400) });
    await tested.store.redeemCode(code.codeHash, now, grant, aToken(grant));
    const left = async () => {
      const claims = [idle, busy].map((subject) => tested.store.claimConfirmation(subject, now, seconds(0)));
      return (await Promise.all(claims)).map((each) => each?.outcome);
    };
    const sweep = async (at: number) => {
      for (;;)
        if ((await tested.store.sweep(later(at), 1000, seconds(90 * 86_400))).credentials < 1000) return;
    };
    await sweep(86_399);
    assert.deepEqual(await left(), ["claimed", "claimed"]);
    await sweep(86_400);
    assert.deepEqual(await left(), ["unable", "claimed"]);
    await tested.store.revokeGrant(grant.id);
    await sweep(86_400);
    assert.deepEqual(await left(), ["unable", "unable"]);
  });
}
