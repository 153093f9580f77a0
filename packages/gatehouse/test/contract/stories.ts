import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { AccessToken, AuthorizationRequest, Client, Code, Grant } from "../../src/oauth/records.ts";
import { canonicalResource } from "../../src/oauth/resource.ts";
import type { ReplayPolicy, Store } from "../../src/oauth/store.ts";
import { hashSecret } from "../../src/oauth/tokens/secret.ts";
import {
  type ClientId,
  type GrantId,
  type Seconds,
  type SecretHash,
  type Subject,
  seconds,
} from "../../src/oauth/values.ts";

/*
 * What the contract's stories begin with: records of every kind, and a store that has some of them.
 */

export const now = seconds(1_800_000_000);
export const later = (by: number): Seconds => seconds(now + by);
export const unique = (): string => randomBytes(16).toString("base64url");
export const aHash = (): SecretHash => hashSecret(unique());

export const aClient = (over: Partial<Client> = {}): Client => ({
  id: unique() as ClientId,
  authMethod: "none",
  secretHash: undefined,
  clearSecret: undefined,
  keys: undefined,
  redirectUris: ["https://app.example.com/cb", "http://127.0.0.1/cb"],
  grantTypes: ["authorization_code", "refresh_token"],
  scope: "read",
  metadata: {
    name: "Näme 'quoted' \"; drop table",
    uri: "https://app.example.com",
    contacts: ["a@b.example"],
  },
  dynamicallyRegistered: true,
  shared: false,
  createdAt: now,
  lastUsedAt: undefined,
  ...over,
});

export const anAuthorization = (
  client: Client,
  over: Partial<AuthorizationRequest> = {},
): AuthorizationRequest => ({
  clientId: client.id,
  redirectUri: "https://app.example.com/cb?x=1",
  state: "state with spaces & ünïcode",
  codeChallenge: hashSecret(unique()),
  scope: "read write",
  resource: canonicalResource("https://mcp.example.com/mcp"),
  ...over,
});

export const aCode = (authorization: AuthorizationRequest, over: Partial<Code> = {}): Code => ({
  codeHash: aHash(),
  authorization,
  subject: `user_${unique()}` as Subject,
  email: "alice@example.com",
  authTime: now,
  createdAt: now,
  expiresAt: later(60),
  ...over,
});

export const aGrant = (code: Code, over: Partial<Grant> = {}): Grant => ({
  id: unique() as GrantId,
  clientId: code.authorization.clientId,
  subject: code.subject,
  email: code.email,
  scope: code.authorization.scope,
  resource: code.authorization.resource,
  generation: 1,
  salt: unique(),
  authTime: code.authTime,
  createdAt: now,
  rotatedAt: now,
  expiresAt: later(1000),
  endsAt: later(5000),
  keyId: undefined,
  ...over,
});

export const aToken = (grant: Grant, over: Partial<AccessToken> = {}): AccessToken => ({
  tokenHash: aHash(),
  email: grant.email,
  subject: grant.subject,
  clientId: grant.clientId,
  grantId: grant.id,
  scope: grant.scope,
  resource: grant.resource,
  createdAt: now,
  expiresAt: later(600),
  ...over,
});

export const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);
export const count = <T>(values: readonly T[], wanted: T): number =>
  values.filter((value) => value === wanted).length;

/** Forgives the previous generation for a minute. */
export const strict: ReplayPolicy = { window: seconds(60), generations: 1, late: seconds(0) };
/** Moves the grant ahead afterwards, for a quarter of an hour. */
export const lossless: ReplayPolicy = { ...strict, late: seconds(900) };

/** The store under test, once it is open, and the beginnings of stories in it. */
export class Given {
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
    const transaction = {
      handleHash: aHash(),
      bindingHash: aHash(),
      authorization: anAuthorization(client),
      signedIn: undefined,
      expiresAt: later(600),
    };
    await this.store.beginTransaction(transaction);
    const code = aCode(transaction.authorization, over);
    assert.equal(await this.store.completeTransaction(transaction.handleHash, now, { code }), true);
    return code;
  }

  async aLiveGrant(over: Partial<Grant> = {}): Promise<{ grant: Grant; token: AccessToken }> {
    const code = await this.anIssuedCode();
    const grant = aGrant(code, over);
    const token = aToken(grant);
    assert.equal(await this.store.redeemCode(code.codeHash, now, grant, token), "redeemed");
    return { grant, token };
  }

  /** Presents a generation; of replays only the previous one is forgiven, for a minute, unless said otherwise. */
  async rotate(grant: Grant, presented: number, at: Seconds = now, replay = strict) {
    return (await this.present(grant, presented, at, replay)).outcome;
  }

  /** Like {@link rotate}, with all that came of it. */
  present(grant: Grant, presented: number, at: Seconds, replay = lossless) {
    return this.store.rotateGrant({
      grantId: grant.id,
      presented,
      now: at,
      replay,
      expiresAt: later(2000),
      accessToken: aToken(grant, { createdAt: at }),
    });
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
