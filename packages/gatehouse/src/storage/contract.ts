import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import type { Store } from "../oauth/ports.ts";
import type { AccessToken, AuthorizationRequest, Client, Code, Consent, Grant } from "../oauth/records.ts";
import { canonicalResource } from "../oauth/resource.ts";
import { hashSecret } from "../oauth/secret.ts";
import {
  type ClientId,
  type GrantId,
  type Seconds,
  type SecretHash,
  type Subject,
  seconds,
} from "../oauth/values.ts";

/*
 * The behaviour every store must show, sentence by sentence of `oauth/ports.ts`. An adapter's test calls this with a way to open an empty
 * store; nothing here knows which one it is.
 */

const now = seconds(1_800_000_000);
const later = (by: number): Seconds => seconds(now + by);
const unique = (): string => randomBytes(16).toString("base64url");
const aHash = (): SecretHash => hashSecret(unique());

const aClient = (over: Partial<Client> = {}): Client => ({
  id: unique() as ClientId,
  authMethod: "none",
  secretHash: undefined,
  clearSecret: undefined,
  redirectUris: ["https://app.example.com/cb", "http://127.0.0.1/cb"],
  grantTypes: ["authorization_code", "refresh_token"],
  scope: "read",
  metadata: {
    name: "Näme 'quoted' \"; drop table",
    uri: "https://app.example.com",
    contacts: ["a@b.example"],
  },
  dynamicallyRegistered: true,
  createdAt: now,
  lastUsedAt: undefined,
  ...over,
});

const aRequest = (client: Client, over: Partial<AuthorizationRequest> = {}): AuthorizationRequest => ({
  clientId: client.id,
  redirectUri: "https://app.example.com/cb?x=1",
  state: "state with spaces & ünïcode",
  codeChallenge: hashSecret(unique()),
  scope: "read write",
  resource: canonicalResource("https://mcp.example.com/mcp"),
  ...over,
});

const aCode = (request: AuthorizationRequest, over: Partial<Code> = {}): Code => ({
  codeHash: aHash(),
  request,
  subject: `user_${unique()}` as Subject,
  email: "alice@example.com",
  authTime: now,
  createdAt: now,
  expiresAt: later(60),
  ...over,
});

const aGrant = (code: Code, over: Partial<Grant> = {}): Grant => ({
  id: unique() as GrantId,
  clientId: code.request.clientId,
  subject: code.subject,
  email: code.email,
  scope: code.request.scope,
  resource: code.request.resource,
  generation: 1,
  salt: unique(),
  authTime: code.authTime,
  createdAt: now,
  rotatedAt: now,
  expiresAt: later(1000),
  endsAt: later(5000),
  ...over,
});

const aToken = (grant: Grant, over: Partial<AccessToken> = {}): AccessToken => ({
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

const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);
const count = <T>(values: readonly T[], wanted: T): number =>
  values.filter((value) => value === wanted).length;

/** Registers the contract's tests. @param open gives a fresh, empty store, which the tests close */
export function storeContract(name: string, open: () => Promise<Store>): void {
  describe(`the store contract on ${name}`, () => {
    let store: Store;
    before(async () => {
      store = await open();
    });
    after(() => store.close());

    async function anIssuedCode(over: Partial<Code> = {}): Promise<Code> {
      const client = aClient();
      await store.addClient(client);
      const transaction = {
        handleHash: aHash(),
        bindingHash: aHash(),
        request: aRequest(client),
        signedIn: undefined,
        expiresAt: later(600),
      };
      await store.beginTransaction(transaction);
      const code = aCode(transaction.request, over);
      assert.equal(await store.completeTransaction(transaction.handleHash, now, { code }), true);
      return code;
    }

    async function aLiveGrant(over: Partial<Grant> = {}): Promise<{ grant: Grant; token: AccessToken }> {
      const code = await anIssuedCode();
      const grant = aGrant(code, over);
      const token = aToken(grant);
      assert.equal(await store.redeemCode(code.codeHash, now, grant, token), "redeemed");
      return { grant, token };
    }

    function rotate(grant: Grant, presented: number, at: Seconds = now) {
      return store.rotateGrant({
        grantId: grant.id,
        presented,
        now: at,
        replayWindow: seconds(60),
        expiresAt: later(2000),
        accessToken: aToken(grant, { createdAt: at }),
      });
    }

    test("a client comes back as it was stored", async () => {
      const client = aClient();
      assert.equal(await store.addClient(client), true);
      assert.deepEqual(await store.findClient(client.id), client);
      assert.equal(await store.findClient("nobody"), undefined);
      const plain = aClient({
        metadata: {},
        scope: undefined,
        authMethod: "client_secret_post",
        secretHash: aHash(),
        dynamicallyRegistered: false,
      });
      await store.addClient(plain);
      assert.deepEqual(await store.findClient(plain.id), plain);
    });

    test("of many callers with one client id exactly one adds it", async () => {
      const id = unique() as ClientId;
      const answers = await Promise.all(times(20, () => store.addClient(aClient({ id }))));
      assert.equal(count(answers, true), 1);
    });

    test("a remembered secret hash stands beside the clear text and is not replaced", async () => {
      const client = aClient({ clearSecret: "old secret", authMethod: "client_secret_post" });
      await store.addClient(client);
      const first = aHash();
      await store.rememberSecretHash(client.id, first);
      await store.rememberSecretHash(client.id, aHash());
      assert.deepEqual(await store.findClient(client.id), { ...client, secretHash: first });
    });

    test("a resource is found by its identifier and by its newest credential", async () => {
      const identifier = canonicalResource(
        `https://${unique()
          .toLowerCase()
          .replace(/[^a-z0-9]/g, "")}.example/mcp`,
      );
      const resource = {
        identifier,
        name: "Notes",
        scopes: [
          { name: "read", sentence: "Read" },
          { name: "x", sentence: undefined },
        ],
        createdAt: now,
      };
      const [first, second] = [aHash(), aHash()];
      assert.equal(await store.addResource(resource, first), true);
      assert.equal(await store.addResource(resource, aHash()), false);
      assert.deepEqual(await store.findResource(identifier), resource);
      assert.deepEqual(await store.findResourceByCredential(first), resource);
      assert.equal(await store.replaceResourceCredential(identifier, second), true);
      assert.equal(await store.findResourceByCredential(first), undefined);
      assert.deepEqual(await store.findResourceByCredential(second), resource);
      assert.ok((await store.listResources()).some((listed) => listed.identifier === identifier));
      assert.equal(await store.removeResource(identifier), true);
      assert.equal(await store.removeResource(identifier), false);
      assert.equal(await store.findResourceByCredential(second), undefined);
    });

    test("a session lives until it was idle or old, and a new sign-in replaces the old one", async () => {
      const account = {
        subject: `user_${unique()}` as Subject,
        issuer: "https://idp.example",
        upstreamSubject: "alice",
        email: "alice@example.com",
      };
      const [first, second] = [aHash(), aHash()];
      const idle = seconds(100);
      await store.openSession({
        sessionHash: first,
        replaces: undefined,
        account,
        authTime: now,
        expiresAt: later(250),
      });
      assert.deepEqual(await store.findSession(first, later(99), idle), { account, authTime: now });
      assert.ok(await store.findSession(first, later(198), idle), "looking at it restarts the idle clock");
      assert.ok(await store.findSession(first, later(249), idle));
      assert.equal(await store.findSession(first, later(250), idle), undefined, "its absolute end");

      await store.openSession({
        sessionHash: second,
        replaces: undefined,
        account,
        authTime: now,
        expiresAt: later(1000),
      });
      assert.equal(await store.findSession(second, later(100), idle), undefined, "idle");
      const third = aHash();
      const moved = { ...account, email: "alice@new.example" };
      await store.openSession({
        sessionHash: third,
        replaces: second,
        account: moved,
        authTime: now,
        expiresAt: later(1000),
      });
      assert.equal(await store.findSession(second, now, idle), undefined);
      assert.deepEqual((await store.findSession(third, now, idle))?.account, moved);
      await store.endSession(third);
      assert.equal(await store.findSession(third, now, idle), undefined);
    });

    test("T05 a sign-in is claimed by one of many, by the right browser only, and before it expires", async () => {
      const client = aClient();
      await store.addClient(client);
      const begin = async () => {
        const transaction = {
          handleHash: aHash(),
          bindingHash: aHash(),
          request: aRequest(client),
          signedIn: undefined,
          expiresAt: later(600),
        };
        await store.beginTransaction(transaction);
        return transaction;
      };
      const one = await begin();
      assert.equal(await store.claimSignIn(one.handleHash, aHash(), now), undefined);
      const claims = await Promise.all(
        times(50, () => store.claimSignIn(one.handleHash, one.bindingHash, now)),
      );
      assert.deepEqual(
        claims.filter((claim) => claim !== undefined),
        [one],
      );
      const expired = await begin();
      assert.equal(await store.claimSignIn(expired.handleHash, expired.bindingHash, later(600)), undefined);
    });

    test("a transaction waits for consent only after it was claimed, and is answered by one of many", async () => {
      const client = aClient();
      await store.addClient(client);
      const signedIn = { subject: `user_${unique()}` as Subject, email: "alice@example.com", authTime: now };
      const transaction = {
        handleHash: aHash(),
        bindingHash: aHash(),
        request: aRequest(client),
        signedIn: undefined,
        expiresAt: later(600),
      };
      const { handleHash, bindingHash } = transaction;
      await store.beginTransaction(transaction);
      assert.equal(await store.awaitConsent(handleHash, signedIn, now), false, "not claimed yet");
      assert.equal(await store.findAwaitingConsent(handleHash, bindingHash, now), undefined);
      await store.claimSignIn(handleHash, bindingHash, now);
      assert.equal(await store.awaitConsent(handleHash, signedIn, now), true);
      assert.equal(await store.findAwaitingConsent(handleHash, aHash(), now), undefined, "another browser");
      assert.deepEqual(await store.findAwaitingConsent(handleHash, bindingHash, now), {
        ...transaction,
        signedIn,
      });
      assert.equal(
        await store.findAwaitingConsent(handleHash, bindingHash, later(600)),
        undefined,
        "expired",
      );
      const codes = times(20, () => aCode(transaction.request));
      const answers = await Promise.all(
        codes.map((code) => store.completeTransaction(handleHash, now, { code })),
      );
      assert.equal(count(answers, true), 1);
      const stored = await Promise.all(codes.map(({ codeHash }) => store.findCode(codeHash)));
      assert.equal(stored.filter((code) => code !== undefined).length, 1, "only the winner's code exists");
    });

    test("a request that names nothing optional comes back without it", async () => {
      const client = aClient();
      await store.addClient(client);
      const request = aRequest(client, {
        state: undefined,
        codeChallenge: undefined,
        resource: undefined,
        scope: "",
      });
      const signedIn = { subject: `user_${unique()}` as Subject, email: "a@b.example", authTime: now };
      const transaction = {
        handleHash: aHash(),
        bindingHash: aHash(),
        request,
        signedIn,
        expiresAt: later(600),
      };
      await store.beginTransaction(transaction);
      assert.deepEqual(
        await store.findAwaitingConsent(transaction.handleHash, transaction.bindingHash, now),
        transaction,
      );
      const code = aCode(request);
      await store.completeTransaction(transaction.handleHash, now, { code });
      assert.deepEqual(await store.findCode(code.codeHash), { ...code, used: false, grantId: undefined });
    });

    test("a consent is found by exactly its person, client, redirect URI and resource, and renewed by the next", async () => {
      const client = aClient();
      await store.addClient(client);
      const account = {
        subject: `user_${unique()}` as Subject,
        issuer: "https://idp.example",
        upstreamSubject: "x",
        email: "x@example.com",
      };
      await store.openSession({
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
        await store.beginTransaction({
          handleHash,
          bindingHash: aHash(),
          request: aRequest(client),
          signedIn: undefined,
          expiresAt: later(9),
        });
        await store.completeTransaction(handleHash, now, { consent: decided });
      };
      await decide(consent);
      const find = (over: Partial<Consent> = {}) => {
        const key = { ...consent, ...over };
        return store.findConsent(key.subject, key.clientId, key.redirectUri, key.resource);
      };
      assert.deepEqual(await find(), consent);
      assert.equal(await find({ redirectUri: "https://app.example.com/cb2" }), undefined);
      assert.equal(await find({ resource: undefined }), undefined);
      assert.equal(await find({ subject: "user_other" as Subject }), undefined);
      await decide({ ...consent, scope: "read write", fingerprint: "f2" });
      assert.deepEqual(await find(), { ...consent, scope: "read write", fingerprint: "f2" });
    });

    test("a code is redeemed by one of fifty, and only the winner's grant and token exist", async () => {
      const code = await anIssuedCode();
      const attempts = times(50, () => {
        const grant = aGrant(code);
        return { grant, token: aToken(grant) };
      });
      const outcomes = await Promise.all(
        attempts.map(({ grant, token }) => store.redeemCode(code.codeHash, now, grant, token)),
      );
      assert.equal(count(outcomes, "redeemed"), 1);
      assert.equal(count(outcomes, "used"), 49);
      const winner = attempts[outcomes.indexOf("redeemed")];
      const alive = await Promise.all(
        attempts.map(({ token }) => store.findAccessToken(token.tokenHash, now)),
      );
      assert.deepEqual(
        alive.filter((token) => token !== undefined),
        [winner?.token],
      );
      assert.deepEqual(await store.findGrant(winner?.grant.id ?? ("" as GrantId), now), winner?.grant);
      assert.deepEqual(await store.findCode(code.codeHash), {
        ...code,
        used: true,
        grantId: winner?.grant.id,
      });
      assert.equal((await store.findClient(code.request.clientId))?.lastUsedAt, now);
    });

    test("a burnt, an expired and an unknown code give nothing", async () => {
      const burnt = await anIssuedCode();
      await store.burnCode(burnt.codeHash);
      assert.deepEqual(await store.findCode(burnt.codeHash), { ...burnt, used: true, grantId: undefined });
      const expired = await anIssuedCode();
      const cases = [
        [burnt, now, "used"],
        [expired, later(60), "gone"],
        [aCode(burnt.request), now, "gone"],
      ] as const;
      for (const [code, at, outcome] of cases) {
        const grant = aGrant(code);
        const token = aToken(grant);
        assert.equal(await store.redeemCode(code.codeHash, at, grant, token), outcome);
        assert.equal(await store.findGrant(grant.id, now), undefined);
        assert.equal(await store.findAccessToken(token.tokenHash, now), undefined);
      }
      const used = await anIssuedCode();
      const grant = aGrant(used);
      await store.redeemCode(used.codeHash, now, grant, aToken(grant));
      await store.burnCode(used.codeHash);
      assert.equal(
        (await store.findCode(used.codeHash))?.grantId,
        grant.id,
        "burning a used code changes nothing",
      );
    });

    test("of fifty who present one generation one rotates, the others replay, and one lineage lives", async () => {
      const { grant } = await aLiveGrant();
      const outcomes = await Promise.all(times(50, () => rotate(grant, 1)));
      assert.equal(count(outcomes, "rotated"), 1);
      assert.equal(count(outcomes, "replayed"), 49);
      assert.deepEqual(await store.findGrant(grant.id, now), {
        ...grant,
        generation: 2,
        expiresAt: later(2000),
      });
    });

    test("a replay is forgiven for less than the window, and only for the generation before", async () => {
      const { grant } = await aLiveGrant();
      assert.equal(await rotate(grant, 1), "rotated");
      assert.equal(await rotate(grant, 1, later(59)), "replayed");
      assert.equal(await rotate(grant, 1, later(60)), "reused");
      assert.equal(await rotate(grant, 2, later(60)), "rotated");
      assert.equal(await rotate(grant, 1, later(61)), "reused", "two generations back");
      assert.equal(await rotate(grant, 9, later(61)), "reused", "never minted");
      assert.equal((await store.findGrant(grant.id, now))?.generation, 3);
    });

    test("a grant without a refresh token, an expired and an unknown one do not rotate", async () => {
      const fixed = await aLiveGrant({ generation: 0 });
      assert.equal(await rotate(fixed.grant, 0), "reused");
      const expired = await aLiveGrant();
      assert.equal(await rotate(expired.grant, 1, later(1000)), "gone");
      assert.equal(await store.findGrant(expired.grant.id, later(1000)), undefined);
      assert.equal(await rotate(aGrant(await anIssuedCode()), 1), "gone");
    });

    test("a rotation that is refused stores no token", async () => {
      const { grant } = await aLiveGrant();
      const accessToken = aToken(grant);
      const rotation = {
        grantId: grant.id,
        presented: 7,
        now,
        replayWindow: seconds(60),
        expiresAt: later(9),
        accessToken,
      };
      assert.equal(await store.rotateGrant(rotation), "reused");
      assert.equal(await store.findAccessToken(accessToken.tokenHash, now), undefined);
    });

    test("revoking a grant during rotations leaves no live token behind", async () => {
      const { grant, token } = await aLiveGrant();
      const tokens = times(20, () => aToken(grant));
      const rotations = tokens.map((accessToken) =>
        store.rotateGrant({
          grantId: grant.id,
          presented: 1,
          now,
          replayWindow: seconds(60),
          expiresAt: later(9),
          accessToken,
        }),
      );
      const revoked = store.revokeGrant(grant.id);
      const more = tokens.map(() => rotate(grant, 1));
      assert.equal(await revoked, true);
      await Promise.all([...rotations, ...more]);
      const alive = await Promise.all(
        [token, ...tokens].map(({ tokenHash }) => store.findAccessToken(tokenHash, now)),
      );
      assert.ok(alive.every((found) => found === undefined));
      assert.equal(await store.revokeGrant(grant.id), false);
    });

    test("T06 an access token is found until it expires, swept or not, and can end alone", async () => {
      const { grant, token } = await aLiveGrant();
      assert.deepEqual(await store.findAccessToken(token.tokenHash, later(599)), token);
      assert.equal(await store.findAccessToken(token.tokenHash, later(600)), undefined);
      assert.equal(await store.revokeAccessToken(token.tokenHash), true);
      assert.equal(await store.revokeAccessToken(token.tokenHash), false);
      assert.equal(await store.findAccessToken(token.tokenHash, now), undefined);
      assert.ok(await store.findGrant(grant.id, now));
    });

    test("T09 removing a client or a person takes everything of theirs along, in one step", async () => {
      const byClient = await aLiveGrant();
      assert.equal(await store.removeClient(byClient.grant.clientId), true);
      assert.equal(await store.removeClient(byClient.grant.clientId), false);
      assert.equal(await store.findGrant(byClient.grant.id, now), undefined);
      assert.equal(await store.findAccessToken(byClient.token.tokenHash, now), undefined);

      const subject = `user_${unique()}` as Subject;
      const sessionHash = aHash();
      const account = {
        subject,
        issuer: "https://idp.example",
        upstreamSubject: "gone",
        email: "gone@example.com",
      };
      await store.openSession({
        sessionHash,
        replaces: undefined,
        account,
        authTime: now,
        expiresAt: later(1000),
      });
      const waiting = await anIssuedCode({ subject });
      const redeemed = await anIssuedCode({ subject });
      const grant = aGrant(redeemed);
      const token = aToken(grant);
      await store.redeemCode(redeemed.codeHash, now, grant, token);
      assert.equal(await store.removeAccount(subject), true);
      assert.equal(await store.removeAccount(subject), false);
      assert.equal(await store.findSession(sessionHash, now, seconds(100)), undefined);
      assert.equal(await store.findCode(waiting.codeHash), undefined);
      assert.equal(await store.findGrant(grant.id, now), undefined);
      assert.equal(await store.findAccessToken(token.tokenHash, now), undefined);
    });

    test("a sweep takes what is dead, at most so many of each kind, and leaves the living", async () => {
      await sweepEverything(store, seconds(now - 1));
      const living = await aLiveGrant();
      await Promise.all(times(3, () => aLiveGrant({ expiresAt: later(5) })));
      const dead = later(600); // the access tokens' end; the codes' rows stay for an hour
      const swept = await store.sweep(dead, 2, seconds(90 * 86_400));
      assert.equal(swept.accessTokens, 2);
      assert.equal(swept.grants, 2);
      assert.equal(swept.codes, 0);
      const rest = await sweepEverything(store, dead);
      assert.ok(rest.accessTokens >= 2 && rest.grants >= 1);
      assert.ok(await store.findGrant(living.grant.id, later(999)));
      assert.ok((await sweepEverything(store, later(3600))).codes >= 4);
    });

    test("H20 a client that registered itself goes when idle without a live grant, any other stays", async () => {
      const idle = seconds(1000);
      const never = aClient({ createdAt: seconds(now - 1000) });
      const fresh = aClient({ createdAt: seconds(now - 999) });
      const operators = aClient({ createdAt: seconds(1), dynamicallyRegistered: false });
      for (const client of [never, fresh, operators]) await store.addClient(client);
      const { grant } = await aLiveGrant({ expiresAt: later(5000), endsAt: later(5000) });
      assert.equal(await rotate(grant, 1, later(500)), "rotated"); // pushes its end to now + 2000
      await store.sweep(now, 1000, idle);
      assert.equal(await store.findClient(never.id), undefined);
      assert.ok(await store.findClient(fresh.id));
      await sweepEverything(store, later(1999), idle);
      assert.ok(await store.findClient(grant.clientId), "its grant is alive");
      await sweepEverything(store, later(2000), seconds(1600));
      assert.ok(
        await store.findClient(grant.clientId),
        "its grant is gone, but it refreshed 1500 seconds ago",
      );
      await sweepEverything(store, later(2100), seconds(1600));
      assert.equal(await store.findClient(grant.clientId), undefined);
      assert.ok(await store.findClient(operators.id));
    });
  });
}

/** Sweeps until nothing is left; resolves with what went in all. */
async function sweepEverything(store: Store, at: Seconds, clientIdle = seconds(90 * 86_400)) {
  const total = { accessTokens: 0, grants: 0, codes: 0 };
  for (;;) {
    const swept = await store.sweep(at, 1000, clientIdle);
    total.accessTokens += swept.accessTokens;
    total.grants += swept.grants;
    total.codes += swept.codes;
    if (Math.max(...Object.values(swept)) < 1000) return total;
  }
}
