import assert from "node:assert/strict";
import { test } from "node:test";
import type { GrantId } from "../../src/oauth/values.ts";
import { aCode, aGrant, aToken, count, later, now, times } from "./records.ts";
import type { StoreUnderTest } from "./store-under-test.ts";

/** What a store promises about codes. */
export function codesContract(tested: StoreUnderTest): void {
  test("a code is redeemed by one of fifty, and only the winner's grant and token exist", async () => {
    const code = await tested.anIssuedCode();
    const attempts = times(50, () => {
      const grant = aGrant(code);
      return { grant, token: aToken(grant) };
    });
    const outcomes = await Promise.all(
      attempts.map(({ grant, token }) => tested.store.redeemCode(code.codeHash, now, grant, token)),
    );
    assert.equal(count(outcomes, "redeemed"), 1);
    assert.equal(count(outcomes, "used"), 49);
    const winner = attempts[outcomes.indexOf("redeemed")];
    const alive = await Promise.all(
      attempts.map(({ token }) => tested.store.findAccessToken(token.tokenHash, now)),
    );
    assert.deepEqual(
      alive.filter((token) => token !== undefined),
      [winner?.token],
    );
    assert.deepEqual(await tested.store.findGrant(winner?.grant.id ?? ("" as GrantId), now), winner?.grant);
    assert.deepEqual(await tested.store.findCode(code.codeHash), {
      ...code,
      used: true,
      grantId: winner?.grant.id,
    });
    assert.equal((await tested.store.findClient(code.authorization.clientId))?.lastUsedAt, now);
  });

  test("a burnt, an expired and an unknown code give nothing", async () => {
    const burnt = await tested.anIssuedCode();
    await tested.store.burnCode(burnt.codeHash);
    assert.deepEqual(await tested.store.findCode(burnt.codeHash), {
      ...burnt,
      used: true,
      grantId: undefined,
    });
    const expired = await tested.anIssuedCode();
    const cases = [
      [burnt, now, "used"],
      [expired, later(60), "gone"],
      [aCode(burnt.authorization), now, "gone"],
    ] as const;
    for (const [code, at, outcome] of cases) {
      const grant = aGrant(code);
      const token = aToken(grant);
      assert.equal(await tested.store.redeemCode(code.codeHash, at, grant, token), outcome);
      assert.equal(await tested.store.findGrant(grant.id, now), undefined);
      assert.equal(await tested.store.findAccessToken(token.tokenHash, now), undefined);
    }
    const used = await tested.anIssuedCode();
    const grant = aGrant(used);
    await tested.store.redeemCode(used.codeHash, now, grant, aToken(grant));
    await tested.store.burnCode(used.codeHash);
    assert.equal(
      (await tested.store.findCode(used.codeHash))?.grantId,
      grant.id,
      "burning a used code changes nothing",
    );
  });
}
