import assert from "node:assert/strict";
import { test } from "node:test";
import type { Account } from "../../src/oauth/records.ts";
import { type Subject, seconds } from "../../src/oauth/values.ts";
import {
  aClient,
  aCode,
  aGrant,
  aHash,
  anAccount,
  anAuthorization,
  asAccount,
  aToken,
  aTransaction,
  later,
  now,
  times,
  unique,
} from "./records.ts";
import type { StoreUnderTest } from "./store-under-test.ts";

/** What a store promises about whose an e-mail address is. */
export function addressesContract(tested: StoreUnderTest): void {
  const idle = seconds(1000);
  const signIn = async (account: Account) => {
    const sessionHash = aHash();
    const result = await tested.store.openSession({
      sessionHash,
      replaces: undefined,
      account,
      authTime: now,
      expiresAt: later(1000),
    });
    return { sessionHash, ...result };
  };
  const anAddress = () => `Ada.${unique()}@Example.com`;

  /** A code, and a grant with an access token, of this person. */
  const connected = async ({ subject, email }: Account) => {
    const client = aClient();
    await tested.store.addClient(client);
    const codes = [1, 2].map(() => aCode(anAuthorization(client), { subject, email }));
    for (const code of codes) {
      const transaction = aTransaction(code.authorization);
      await tested.store.beginTransaction(transaction);
      await tested.store.completeTransaction(transaction.handleHash, now, { code });
    }
    const [redeemed, open] = codes;
    assert.ok(redeemed && open);
    const grant = aGrant(redeemed);
    const token = aToken(grant);
    assert.equal(await tested.store.redeemCode(redeemed.codeHash, now, grant, token), "redeemed");
    return { open, grant, token };
  };

  test("an address is one person's: another is refused in any case, and nothing of either changes", async () => {
    const email = anAddress();
    const holder = anAccount({ email, name: "Ada" });
    const newcomer = anAccount({ email: email.toUpperCase() });
    const ada = await signIn(holder);
    assert.deepEqual(ada, { sessionHash: ada.sessionHash, outcome: "opened", formerEmail: undefined });
    const { grant } = await connected(holder);

    const { sessionHash, ...refused } = await signIn(newcomer);
    assert.deepEqual(refused, { outcome: "address_held", holder });
    assert.equal(await tested.store.findSession(sessionHash, now, idle), undefined);
    assert.deepEqual((await tested.store.findAccounts(email)).map(asAccount), [holder]);
    assert.deepEqual((await tested.store.findSession(ada.sessionHash, now, idle))?.account, holder);
    assert.deepEqual(await tested.store.findGrant(grant.id, now), grant);
    assert.equal((await signIn(holder)).outcome, "opened");
  });

  test("a refused sign-in leaves the browser's earlier session, and the newcomer's own address, as they are", async () => {
    const [taken, own] = [anAddress(), anAddress()];
    await signIn(anAccount({ email: taken }));
    const newcomer = anAccount({ email: own });
    const { sessionHash } = await signIn(newcomer);
    const again = await tested.store.openSession({
      sessionHash: aHash(),
      replaces: sessionHash,
      account: { ...newcomer, email: taken },
      authTime: now,
      expiresAt: later(1000),
    });
    assert.equal(again.outcome, "address_held");
    assert.deepEqual((await tested.store.findSession(sessionHash, now, idle))?.account, newcomer);
  });

  test("of several people who first come with an address at once exactly one has it", async () => {
    const email = anAddress();
    const people = times(8, () => anAccount({ email }));
    const results = await Promise.all(people.map(signIn));
    const opened = people.filter((_, at) => results[at]?.outcome === "opened");
    assert.equal(opened.length, 1);
    assert.deepEqual((await tested.store.findAccounts(email)).map(asAccount), opened);
    for (const result of results) {
      if (result.outcome === "address_held") assert.deepEqual(result.holder, opened[0]);
    }
  });

  test("a person's new address stands everywhere at once, and the former is free", async () => {
    const [before, after] = [anAddress(), anAddress()];
    const person = anAccount({ email: before });
    await signIn(person);
    const { open, grant, token } = await connected(person);
    const moved = { ...person, email: after };
    assert.deepEqual(
      { formerEmail: before, outcome: "opened" },
      (({ outcome, ...rest }) => ({ outcome, formerEmail: "formerEmail" in rest && rest.formerEmail }))(
        await signIn(moved),
      ),
    );
    assert.equal((await tested.store.findGrant(grant.id, now))?.email, after);
    assert.equal((await tested.store.findAccessToken(token.tokenHash, now))?.email, after);
    assert.equal((await tested.store.findCode(open.codeHash))?.email, after);
    assert.equal((await signIn(anAccount({ email: before }))).outcome, "opened");
    assert.equal((await signIn(anAccount({ email: after }))).outcome, "address_held");
  });

  test("any number of people have no address", async () => {
    const people = times(2, () => anAccount({ email: "" }));
    for (const person of people) assert.equal((await signIn(person)).outcome, "opened");
  });

  test("a released address is free: who had it is signed out with all they allowed, and stays the same person", async () => {
    const email = anAddress();
    const holder = anAccount({ email });
    const { sessionHash } = await signIn(holder);
    const { open, grant, token } = await connected(holder);
    assert.deepEqual(await tested.store.releaseAddress(email.toLowerCase()), [holder]);
    assert.deepEqual(await tested.store.releaseAddress(email), []);
    assert.equal(await tested.store.findSession(sessionHash, now, idle), undefined);
    assert.equal(await tested.store.findGrant(grant.id, now), undefined);
    assert.equal(await tested.store.findAccessToken(token.tokenHash, now), undefined);
    assert.equal(await tested.store.findCode(open.codeHash), undefined);
    assert.deepEqual(await tested.store.findAccounts(email), []);

    const newcomer = anAccount({ email });
    assert.equal((await signIn(newcomer)).outcome, "opened");
    assert.equal((await signIn(holder)).outcome, "address_held");
    const other = { ...holder, email: anAddress() };
    const returned = await signIn(other);
    assert.ok(returned.outcome === "opened" && returned.formerEmail === "", "their account was kept");
  });

  test("an address that is released while people come with it is one person's afterwards", async () => {
    const email = anAddress();
    const people = times(4, () => anAccount({ email }));
    const [holder] = people;
    assert.ok(holder);
    await signIn(holder);
    await Promise.all([tested.store.releaseAddress(email), ...people.map(signIn)]);
    assert.equal((await tested.store.findAccounts(email)).length <= 1, true);
    const last = anAccount({ email });
    const { outcome } = await signIn(last);
    const [now] = await tested.store.findAccounts(email);
    assert.equal(outcome === "opened", now?.subject === (last.subject as Subject));
  });

  test("the people with an address at a domain are listed a page at a time, and lose just that address", async () => {
    const domain = `${unique().toLowerCase()}.example`;
    const people = times(5, () => anAccount({ email: `Ada.${unique()}@${domain.toUpperCase()}` }));
    for (const person of people) await signIn(person);
    await signIn(anAccount({ email: `ada@sub.${domain}` }));
    await signIn(anAccount({ email: `ada@${domain}.evil.example` }));
    const listed: Account[] = [];
    for (;;) {
      const page = { after: listed.at(-1)?.subject, limit: 2 };
      const found = await tested.store.listAccountsAt(["other.example", domain], page);
      listed.push(...found.map(asAccount));
      if (found.length < 2) break;
    }
    assert.deepEqual(new Set(listed), new Set(people));
    assert.equal(listed.length, people.length);

    const [one, other] = people;
    assert.ok(one && other);
    const { grant, token } = await connected(one);
    assert.equal(await tested.store.withdrawAddress(one.subject, other.email), false);
    assert.deepEqual(await tested.store.findGrant(grant.id, now), grant);
    assert.equal(await tested.store.withdrawAddress(one.subject, one.email), true);
    assert.equal(await tested.store.withdrawAddress(one.subject, one.email), false);
    assert.equal(await tested.store.findGrant(grant.id, now), undefined);
    assert.equal(await tested.store.findAccessToken(token.tokenHash, now), undefined);
    assert.equal((await tested.store.findAccount(one.subject))?.email, "");
    assert.equal((await tested.store.findAccount(other.subject))?.email, other.email);
    assert.equal((await signIn(anAccount({ email: one.email }))).outcome, "opened");
  });
}
