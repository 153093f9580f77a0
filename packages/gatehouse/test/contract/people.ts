import assert from "node:assert/strict";
import { test } from "node:test";
import type { Account, Consent } from "../../src/oauth/records.ts";
import { canonicalResource } from "../../src/oauth/resource.ts";
import { type Subject, seconds } from "../../src/oauth/values.ts";
import { aClient, aHash, anAccount, anAuthorization, asAccount, later, now, unique } from "./records.ts";
import type { StoreUnderTest } from "./store-under-test.ts";

/** What a store promises about sessions and remembered consents. */
export function peopleContract(tested: StoreUnderTest): void {
  test("a session lives until it was idle or old, and a new sign-in replaces the old one", async () => {
    const account = anAccount({
      subject: `user_${unique()}` as Subject,
      issuer: "https://idp.example",
      upstreamSubject: "alice",
      email: "alice@example.com",
    });
    const [first, second] = [aHash(), aHash()];
    const idle = seconds(100);
    await tested.store.openSession({
      sessionHash: first,
      replaces: undefined,
      account,
      authTime: now,
      expiresAt: later(250),
    });
    assert.deepEqual(await tested.store.findSession(first, later(99), idle), { account, authTime: now });
    assert.ok(
      await tested.store.findSession(first, later(198), idle),
      "looking at it restarts the idle clock",
    );
    assert.ok(await tested.store.findSession(first, later(249), idle));
    assert.equal(await tested.store.findSession(first, later(250), idle), undefined, "its absolute end");

    await tested.store.openSession({
      sessionHash: second,
      replaces: undefined,
      account,
      authTime: now,
      expiresAt: later(1000),
    });
    assert.equal(await tested.store.findSession(second, later(100), idle), undefined, "idle");
    const third = aHash();
    const moved = { ...account, email: "alice@new.example" };
    await tested.store.openSession({
      sessionHash: third,
      replaces: second,
      account: moved,
      authTime: now,
      expiresAt: later(1000),
    });
    assert.equal(await tested.store.findSession(second, now, idle), undefined);
    assert.deepEqual((await tested.store.findSession(third, now, idle))?.account, moved);
    await tested.store.endSession(third);
    assert.equal(await tested.store.findSession(third, now, idle), undefined);
  });

  test("every session of a person ends at once, and nobody else's", async () => {
    const [account, other] = [anAccount(), anAccount()];
    const open = async (whose: typeof account) => {
      const sessionHash = aHash();
      const about = { sessionHash, replaces: undefined, account: whose };
      await tested.store.openSession({ ...about, authTime: now, expiresAt: later(1000) });
      return sessionHash;
    };
    const [here, there, theirs] = [await open(account), await open(account), await open(other)];
    const idle = seconds(500);
    assert.equal(await tested.store.endSessionsOf(account.subject), 2);
    assert.equal(await tested.store.findSession(here, now, idle), undefined);
    assert.equal(await tested.store.findSession(there, now, idle), undefined);
    assert.ok(await tested.store.findSession(theirs, now, idle));
    assert.equal(await tested.store.endSessionsOf(account.subject), 0);
  });

  test("an account is found by the address it last signed in with, in any case", async () => {
    const [email, moved] = [`${unique()}@Example.com`, `${unique()}@example.com`];
    const [one, two] = [anAccount({ email }), anAccount({ email })];
    const signIn = (who: typeof one) =>
      tested.store.openSession({
        sessionHash: aHash(),
        replaces: undefined,
        account: who,
        authTime: now,
        expiresAt: later(9),
      });
    await signIn(one);
    assert.deepEqual((await tested.store.findAccounts(email.toLowerCase())).map(asAccount), [one]);
    await signIn({ ...one, email: moved });
    await signIn(two);
    assert.deepEqual((await tested.store.findAccounts(email)).map(asAccount), [two]);
    assert.deepEqual((await tested.store.findAccounts(moved)).map(asAccount), [{ ...one, email: moved }]);
    assert.deepEqual(await tested.store.findAccounts("nobody@example.com"), []);
  });

  test("what the provider says of a person is brought up to date by each sign-in, unknown groups included", async () => {
    const account = anAccount({ email: `${unique()}@example.com`, name: "Ada", groups: ["admins"] });
    const signIn = (who: Account) =>
      tested.store.openSession({
        sessionHash: aHash(),
        replaces: undefined,
        account: who,
        authTime: now,
        expiresAt: later(9),
      });
    await signIn(account);
    assert.deepEqual((await tested.store.findAccounts(account.email)).map(asAccount), [account]);
    const changed = {
      ...account,
      provider: "work",
      name: undefined,
      groups: undefined,
      confirmedAt: later(5),
    };
    await signIn(changed);
    assert.deepEqual((await tested.store.findAccounts(account.email)).map(asAccount), [changed]);
    await signIn({ ...changed, groups: [] });
    assert.deepEqual((await tested.store.findAccounts(account.email)).map(asAccount), [
      { ...changed, groups: [] },
    ]);
  });

  test("a consent is found by exactly its person, client, redirect URI and resource, and renewed by the next", async () => {
    const client = aClient();
    await tested.store.addClient(client);
    const account = anAccount({
      subject: `user_${unique()}` as Subject,
      issuer: "https://idp.example",
      upstreamSubject: "x",
      email: "x@example.com",
    });
    await tested.store.openSession({
      sessionHash: aHash(),
      replaces: undefined,
      account,
      authTime: now,
      expiresAt: later(1),
    });
    const consent: Consent = {
      subject: account.subject,
      clientId: client.id,
      redirectUri: "https://app.example.com/cb",
      resource: canonicalResource("https://mcp.example.com"),
      scope: "read",
      fingerprint: "f1",
      decidedAt: now,
    };
    const decide = async (decided: Consent) => {
      const handleHash = aHash();
      await tested.store.beginTransaction({
        handleHash,
        bindingHash: aHash(),
        authorization: anAuthorization(client),
        signedIn: undefined,
        expiresAt: later(9),
      });
      await tested.store.completeTransaction(handleHash, now, { consent: decided });
    };
    await decide(consent);
    const find = (over: Partial<Consent> = {}) => {
      const key = { ...consent, ...over };
      return tested.store.findConsent(key.subject, key.clientId, key.redirectUri, key.resource);
    };
    assert.deepEqual(await find(), consent);
    assert.equal(await find({ redirectUri: "https://app.example.com/cb2" }), undefined);
    assert.equal(await find({ resource: undefined }), undefined);
    assert.equal(await find({ subject: "user_other" as Subject }), undefined);
    await decide({ ...consent, scope: "read write", fingerprint: "f2" });
    assert.deepEqual(await find(), { ...consent, scope: "read write", fingerprint: "f2" });
  });
}
