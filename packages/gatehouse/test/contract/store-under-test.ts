import assert from "node:assert/strict";
import type { AccessToken, Client, Code, Grant } from "../../src/oauth/records.ts";
import type { Store } from "../../src/oauth/store.ts";
import { type Seconds, seconds } from "../../src/oauth/values.ts";
import {
  aClient,
  aCode,
  aGrant,
  anAuthorization,
  aRotation,
  aToken,
  aTransaction,
  lossless,
  now,
  strict,
} from "./records.ts";

/** The store under test, once it is open, with what tests begin with: issued codes, live grants. */
export class StoreUnderTest {
  #store: Store | undefined;

  get store(): Store {
    return this.#store ?? assert.fail("the store is not open yet");
  }

  async open(open: () => Promise<Store>): Promise<void> {
    this.#store = await open();
  }

  async anIssuedCode(over: Partial<Code> = {}): Promise<Code> {
    const client = aClient();
    await this.store.addClient(client);
    const transaction = aTransaction(anAuthorization(client));
    await this.store.beginTransaction(transaction);
    const code = aCode(transaction.authorization, over);
    assert.equal(await this.store.completeTransaction(transaction.handleHash, now, { code }), true);
    return code;
  }

  /** @param tokenAddress from where it was asked for */
  async aLiveGrant(
    over: Partial<Grant> = {},
    tokenAddress?: string,
  ): Promise<{ grant: Grant; token: AccessToken }> {
    const code = await this.anIssuedCode();
    const grant = aGrant(code, over);
    const token = aToken(grant);
    const made = { ...grant, tokenAddress };
    assert.equal(await this.store.redeemCode(code.codeHash, now, made, token), "redeemed");
    return { grant, token };
  }

  /** One more of a client that is there. */
  async aLiveGrantOf(
    client: Client,
    over: Partial<Code> = {},
  ): Promise<{ grant: Grant; token: AccessToken }> {
    const transaction = aTransaction(anAuthorization(client));
    await this.store.beginTransaction(transaction);
    const code = aCode(transaction.authorization, over);
    await this.store.completeTransaction(transaction.handleHash, now, { code });
    const grant = aGrant(code);
    const token = aToken(grant);
    assert.equal(await this.store.redeemCode(code.codeHash, now, grant, token), "redeemed");
    return { grant, token };
  }

  /**
   * Presents a generation; of replays only the previous one is forgiven, for a minute, unless said otherwise.
   */
  async rotate(grant: Grant, presented: number, at: Seconds = now, replay = strict) {
    return (await this.present(grant, presented, at, replay)).outcome;
  }

  /** Like {@link rotate}, with all that came of it. */
  present(grant: Grant, presented: number, at: Seconds, replay = lossless) {
    return this.store.rotateGrant(
      aRotation(grant, presented, { now: at, replay, accessToken: aToken(grant, { createdAt: at }) }),
    );
  }

  /** Sweeps until nothing is left; resolves with what went in all. */
  async sweepEverything(at: Seconds, clientIdle = seconds(90 * 86_400)) {
    const total = { accessTokens: 0, grants: 0, codes: 0 };
    for (;;) {
      const swept = await this.store.sweep(at, 1000, clientIdle);
      total.accessTokens += swept.accessTokens;
      total.grants += swept.grants;
      total.codes += swept.codes;
      if (Math.max(...Object.values(swept)) < 1000) return total;
    }
  }
}
