import assert from "node:assert/strict";
import { test } from "node:test";
import type { Account } from "../../src/oauth/records.ts";
import { seconds } from "../../src/oauth/values.ts";
import { anInvitation, aPasskey } from "./passkeys.ts";
import {
  aClient,
  aCode,
  aGrant,
  aHash,
  anAccount,
  anAuthorization,
  aRotation,
  aToken,
  aTransaction,
  later,
  now,
  times,
  unique,
} from "./records.ts";
import type { StoreUnderTest } from "./store-under-test.ts";

/** What a store promises about ending what is a person's. */
export function offBoardingContract(tested: StoreUnderTest): void {
  const signIn = async (account: Account, sessionHash = aHash()) => {
    const session = { sessionHash, replaces: undefined, account, authTime: now, expiresAt: later(900) };
    return (await tested.store.openSession(session)).outcome;
  };

  /** A person who signed in, has a code, a grant with a token, and an approval under way. */
  async function aPerson() {
    const account = anAccount({
      email: `${unique()}@example.com`,
      name: "Ada",
      groups: ["admins"],
      confirmedAt: now,
    });
    const { subject, email } = account;
    const sessionHash = aHash();
    await signIn(account, sessionHash);
    const waiting = await tested.anIssuedCode({ subject });
    const redeemed = await tested.anIssuedCode({ subject });
    const grant = aGrant(redeemed);
    const token = aToken(grant);
    await tested.store.redeemCode(redeemed.codeHash, now, grant, token);
    const client = aClient();
    await tested.store.addClient(client);
    const signedIn = { subject, email, authTime: now };
    const open = aTransaction(anAuthorization(client), { signedIn });
    const begin = () => tested.store.beginTransaction(open);
    await begin();
    const code = aCode(open.authorization, { subject });
    const complete = (consent = {}) =>
      tested.store.completeTransaction(open.handleHash, now, { code, ...consent });
    return { account, sessionHash, waiting, grant, token, client, open, begin, code, complete };
  }

  const isEnded = async ({
    sessionHash,
    waiting,
    grant,
    token,
    open,
  }: Awaited<ReturnType<typeof aPerson>>) => {
    const { store } = tested;
    assert.equal(await store.findSession(sessionHash, now, seconds(100)), undefined);
    assert.equal(await store.findCode(waiting.codeHash), undefined);
    assert.equal(await store.findGrant(grant.id, now), undefined);
    assert.equal((await store.rotateGrant(aRotation(grant, 1))).outcome, "gone");
    assert.equal(await store.findAccessToken(token.tokenHash, now), undefined);
    assert.equal(await store.findAwaitingConsent(open.handleHash, open.bindingHash, now), undefined);
    assert.deepEqual(await store.findHoldings(grant.subject, now), { sessions: 0, grants: [] });
  };

  test("a block ends all that is a person's and names it, and refuses sign-in and codes until it is lifted", async () => {
    const person = await aPerson();
    const { account, grant } = person;
    const { subject, email } = account;
    const known = { ...account, createdAt: now, signedInAt: now, blockedAt: undefined };
    assert.deepEqual(await tested.store.findAccount(subject), known);
    assert.deepEqual(await tested.store.findHoldings(subject, now), { sessions: 1, grants: [grant] });
    assert.deepEqual(await tested.store.findHoldings(subject, later(1000)), { sessions: 0, grants: [] });

    const ended = { sessions: 1, codes: 1, grants: [grant] };
    assert.deepEqual(await tested.store.blockAccount(subject, later(1)), ended);
    await isEnded(person);
    assert.deepEqual(await tested.store.findAccounts(email), [{ ...known, blockedAt: later(1) }]);
    assert.equal(await signIn({ ...account, email: "new@example.com" }), "blocked");
    assert.deepEqual(await tested.store.findAccounts(email), [{ ...known, blockedAt: later(1) }]);
    await person.begin(); // as by a browser whose session was alive a moment ago
    assert.equal(await person.complete(), false);
    assert.equal(await tested.store.findCode(person.code.codeHash), undefined);

    const again = { sessions: 0, codes: 0, grants: [] };
    assert.deepEqual(await tested.store.blockAccount(subject, later(2)), again);
    assert.equal((await tested.store.findAccount(subject))?.blockedAt, later(1));
    assert.equal(await tested.store.unblockAccount(subject), true);
    assert.equal(await tested.store.unblockAccount(subject), false);
    assert.equal(await signIn(account), "opened");
    await person.begin();
    assert.equal(await person.complete(), true);
  });

  test("a removal forgets who somebody was; of one who is blocked the block stays", async () => {
    const [person, blocked] = [await aPerson(), await aPerson()];
    for (const { account, complete, client } of [person, blocked]) {
      const consent = {
        subject: account.subject,
        clientId: client.id,
        redirectUri: "https://app.example.com/cb",
        resource: undefined,
        scope: "",
        fingerprint: "f",
        decidedAt: now,
      };
      assert.equal(await complete({ consent }), true);
      assert.equal(await tested.store.addPasskey(aPasskey(account), 20), "added");
    }
    await tested.store.blockAccount(blocked.account.subject, now);
    assert.equal((await tested.store.removeAccount(person.account.subject))?.sessions, 1);
    assert.notEqual(await tested.store.removeAccount(blocked.account.subject), undefined);
    for (const each of [person, blocked]) {
      const { account, client } = each;
      await isEnded(each);
      assert.deepEqual(await tested.store.findAccounts(account.email), []);
      const consent = [account.subject, client.id, "https://app.example.com/cb", undefined] as const;
      assert.equal(await tested.store.findConsent(...consent), undefined);
      assert.deepEqual(await tested.store.listPasskeys(account.subject), []);
    }
    assert.equal(await tested.store.findAccount(person.account.subject), undefined);
    assert.deepEqual(await tested.store.findAccount(blocked.account.subject), {
      ...blocked.account,
      email: "",
      name: undefined,
      groups: [],
      confirmedAt: undefined,
      createdAt: now,
      signedInAt: now,
      blockedAt: now,
    });
    assert.equal(await signIn(person.account), "opened");
    assert.equal(await signIn(blocked.account), "blocked");
    assert.equal(await tested.store.removeAccount(anAccount().subject), undefined);
    assert.equal(await tested.store.blockAccount(anAccount().subject, now), undefined);
  });

  test("a blocked person gets no passkey, by a fresh invitation or beside others, at the moment of the block included", async () => {
    const invitation = { ...anInvitation(), createdAt: now };
    const { subject, userHandle, email, tokenHash } = invitation;
    const account = anAccount({
      subject,
      email,
      issuer: "https://auth.example.com/passkey",
      upstreamSubject: userHandle,
    });
    await signIn(account);
    const invite = async (bindingHash = aHash()) => {
      await tested.store.invite(invitation);
      await tested.store.bindInvitation(tokenHash, bindingHash, now);
      const passkey = aPasskey(account);
      return () => tested.store.completeInvitation({ tokenHash, bindingHash, account, passkey, now });
    };
    const complete = await invite();
    const [outcome, added] = await Promise.all([
      complete(),
      tested.store.addPasskey(aPasskey(account), 20),
      tested.store.blockAccount(subject, now),
    ]);
    assert.ok(["registered", "blocked"].includes(outcome), outcome);
    assert.ok(["added", "gone"].includes(added), added);
    assert.equal(await signIn(account), "blocked");
    const again = await invite();
    assert.equal(await again(), "blocked");
    assert.equal(await tested.store.addPasskey(aPasskey(account), 20), "gone");
    await tested.store.unblockAccount(subject);
    assert.equal(await again(), "registered", "what was refused used nothing up");
  });

  test("whatever runs at the moment of a block comes before and is ended, or after and is refused", async () => {
    for (const _ of times(10, () => undefined)) {
      const person = await aPerson();
      const { account, grant, code } = person;
      const next = aGrant(code);
      const moves = [
        () => signIn(account),
        async () =>
          (await person.complete()) && tested.store.redeemCode(code.codeHash, now, next, aToken(next)),
        () => tested.store.rotateGrant(aRotation(grant, 1)),
        () => tested.store.blockAccount(account.subject, now),
      ].toSorted(() => Math.random() - 0.5);
      await Promise.all(moves.map((move) => move()));
      await isEnded(person);
      assert.equal(await tested.store.findCode(code.codeHash), undefined);
      assert.equal(await tested.store.findGrant(next.id, now), undefined);
      assert.equal(await signIn(account), "blocked");
    }
  });

  test("everybody is listed, the newest first", async () => {
    const [first, second] = [anAccount(), anAccount()];
    await signIn(first);
    const session = { replaces: undefined, account: second, authTime: later(9), expiresAt: later(900) };
    await tested.store.openSession({ sessionHash: aHash(), ...session });
    const listed = (await tested.store.listAccounts()).map(({ subject }) => subject);
    assert.ok(listed.indexOf(second.subject) < listed.indexOf(first.subject));
    assert.ok(listed.includes(first.subject));
  });
}
