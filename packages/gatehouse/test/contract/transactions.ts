import assert from "node:assert/strict";
import { test } from "node:test";
import type { Subject } from "../../src/oauth/values.ts";
import {
  aClient,
  aCode,
  aHash,
  anAuthorization,
  aTransaction,
  count,
  later,
  now,
  times,
  unique,
} from "./records.ts";
import type { StoreUnderTest } from "./store-under-test.ts";

/** What a store promises about attempts to authorize. */
export function transactionsContract(tested: StoreUnderTest): void {
  test("T05 a sign-in is claimed by one of many, by the right browser only, and before it expires", async () => {
    const client = aClient();
    await tested.store.addClient(client);
    const begin = async () => {
      const transaction = aTransaction(anAuthorization(client));
      await tested.store.beginTransaction(transaction);
      return transaction;
    };
    const one = await begin();
    assert.equal(await tested.store.claimSignIn(one.handleHash, aHash(), now), undefined);
    const claims = await Promise.all(
      times(50, () => tested.store.claimSignIn(one.handleHash, one.bindingHash, now)),
    );
    assert.deepEqual(
      claims.filter((claim) => claim !== undefined),
      [one],
    );
    const expired = await begin();
    assert.equal(
      await tested.store.claimSignIn(expired.handleHash, expired.bindingHash, later(600)),
      undefined,
    );
  });

  test("how it stands with an attempt is found by its handle alone, for as long as the attempt is there", async () => {
    const client = aClient();
    await tested.store.addClient(client);
    const reference = "K7QM-2XDA-94TB";
    const transaction = aTransaction(anAuthorization(client, { reference }));
    const unnamed = aTransaction(anAuthorization(client));
    await tested.store.beginTransaction(transaction);
    await tested.store.beginTransaction(unnamed);
    const find = tested.store.findAttempt;
    const { expiresAt } = transaction;
    const state = { reference, clientId: client.id, stage: "sign-in", expiresAt } as const;
    assert.deepEqual(await find(transaction.handleHash), state);
    assert.equal((await find(unnamed.handleHash))?.reference, undefined);
    assert.equal(await find(aHash()), undefined);
    const claimed = await tested.store.claimSignIn(transaction.handleHash, transaction.bindingHash, now);
    assert.deepEqual(claimed, transaction);
    assert.deepEqual(await find(transaction.handleHash), { ...state, stage: "claimed" });
    await tested.store.completeTransaction(transaction.handleHash, now, {});
    assert.equal(await find(transaction.handleHash), undefined);
  });

  test("a choice can be made again and again, by the right browser only, and is no sign-in", async () => {
    const client = aClient();
    await tested.store.addClient(client);
    const choice = { prompt: "login", providers: ["work", "home"] } as const;
    const transaction = aTransaction(anAuthorization(client), { choice });
    const { handleHash, bindingHash } = transaction;
    await tested.store.beginTransaction(transaction);
    const find = (binding = bindingHash, at = now) =>
      tested.store.findAwaitingChoice(handleHash, binding, at);
    assert.deepEqual(await find(), transaction);
    assert.deepEqual(await find(), transaction);
    assert.equal(await find(aHash()), undefined);
    assert.equal(await find(bindingHash, later(600)), undefined);
    assert.equal(await tested.store.claimSignIn(handleHash, bindingHash, now), undefined);
    assert.equal(await tested.store.findAwaitingConsent(handleHash, bindingHash, now), undefined);
    assert.equal(await tested.store.completeTransaction(handleHash, now, {}), true);
    assert.equal(await find(), undefined);
  });

  test("a transaction waits for consent only after it was claimed, and is answered by one of many", async () => {
    const client = aClient();
    await tested.store.addClient(client);
    const signedIn = { subject: `user_${unique()}` as Subject, email: "alice@example.com", authTime: now };
    const transaction = aTransaction(anAuthorization(client));
    const { handleHash, bindingHash } = transaction;
    await tested.store.beginTransaction(transaction);
    assert.equal(await tested.store.awaitConsent(handleHash, signedIn, now), false, "not claimed yet");
    assert.equal(await tested.store.findAwaitingConsent(handleHash, bindingHash, now), undefined);
    await tested.store.claimSignIn(handleHash, bindingHash, now);
    assert.equal(await tested.store.awaitConsent(handleHash, signedIn, now), true);
    assert.equal(
      await tested.store.findAwaitingConsent(handleHash, aHash(), now),
      undefined,
      "another browser",
    );
    assert.deepEqual(await tested.store.findAwaitingConsent(handleHash, bindingHash, now), {
      ...transaction,
      signedIn,
    });
    assert.equal(
      await tested.store.findAwaitingConsent(handleHash, bindingHash, later(600)),
      undefined,
      "expired",
    );
    const codes = times(20, () => aCode(transaction.authorization));
    const answers = await Promise.all(
      codes.map((code) => tested.store.completeTransaction(handleHash, now, { code })),
    );
    assert.equal(count(answers, true), 1);
    const stored = await Promise.all(codes.map(({ codeHash }) => tested.store.findCode(codeHash)));
    assert.equal(stored.filter((code) => code !== undefined).length, 1, "only the winner's code exists");
  });

  test("a request that names nothing optional comes back without it", async () => {
    const client = aClient();
    await tested.store.addClient(client);
    const authorization = anAuthorization(client, {
      state: undefined,
      codeChallenge: undefined,
      resource: undefined,
      scope: "",
    });
    const signedIn = { subject: `user_${unique()}` as Subject, email: "a@b.example", authTime: now };
    const transaction = aTransaction(authorization, { signedIn });
    await tested.store.beginTransaction(transaction);
    assert.deepEqual(
      await tested.store.findAwaitingConsent(transaction.handleHash, transaction.bindingHash, now),
      transaction,
    );
    const code = aCode(authorization);
    await tested.store.completeTransaction(transaction.handleHash, now, { code });
    assert.deepEqual(await tested.store.findCode(code.codeHash), {
      ...code,
      used: false,
      grantId: undefined,
    });
  });
}
