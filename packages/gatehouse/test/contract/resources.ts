import assert from "node:assert/strict";
import { test } from "node:test";
import type { Grant } from "../../src/oauth/records.ts";
import { canonicalResource } from "../../src/oauth/resource.ts";
import type { ResourceIdentifier } from "../../src/oauth/values.ts";
import { pageSize } from "../../src/storage/pages.ts";
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

const aResource = () =>
  canonicalResource(`https://${unique().toLowerCase().replaceAll("_", "-")}.example/mcp`);

/** What a store promises about removing a resource. */
export function resourcesContract(tested: StoreUnderTest): void {
  const { isAlive, isLive, aGrantFor, anAttemptFor } = attemptsAndGrants(tested);

  test("removing a resource ends what was allowed for it, under way or done, and nothing else", async () => {
    const [resource, other] = [aResource(), aResource()];
    for (const identifier of [resource, other]) {
      await tested.store.addResource({ identifier, name: undefined, scopes: [], createdAt: now }, aHash());
    }
    const its = await Promise.all(times(3, () => aGrantFor(resource)));
    const others = await aGrantFor(other);
    const waiting = await anAttemptFor(resource);
    const approved = await anAttemptFor(resource);
    assert.equal(await approved.complete(), true);
    const consent = { ...approved.consent, redirectUri: approved.code.authorization.redirectUri };
    const remembered = () =>
      tested.store.findConsent(consent.subject, consent.clientId, consent.redirectUri, resource);
    assert.ok(await remembered());

    assert.deepEqual(await tested.store.removeResource(resource), { grants: 3 });
    assert.equal(await tested.store.findResource(resource), undefined);
    for (const each of its) assert.equal(await isAlive(each), false);
    assert.equal(await waiting.complete(), false);
    assert.equal(await tested.store.findCode(approved.code.codeHash), undefined);
    assert.equal(await remembered(), undefined);
    assert.equal(await isAlive(others), true);
    assert.ok(await tested.store.findResource(other));
    assert.equal(await tested.store.removeResource(resource), undefined, "nothing is left");
  });

  test("what a removal left that never came to its end, the next one ends, many grants as well as few", async () => {
    const resource = aResource();
    const many = pageSize + 20;
    const grants = await Promise.all(times(many, () => aGrantFor(resource)));
    assert.deepEqual(await tested.store.removeResource(resource), { grants: many });
    for (const each of grants) assert.equal(await isAlive(each), false);
  });

  test("a resource that is removed while codes are approved and redeemed and grants refreshed leaves nothing alive", async () => {
    const resource = aResource();
    const granted = await Promise.all(times(10, () => aGrantFor(resource)));
    const attempts = await Promise.all(times(10, () => anAttemptFor(resource)));
    const made: { grant: Grant; token: ReturnType<typeof aToken> }[] = [...granted];
    const refresh = async ({ grant }: { grant: Grant }) => {
      const token = aToken(grant);
      made.push({ grant, token });
      await tested.store.rotateGrant(aRotation(grant, 1, { expiresAt: later(900), accessToken: token }));
    };
    const redeem = async (attempt: (typeof attempts)[number]) => {
      if (!(await attempt.complete())) return;
      const grant = aGrant(attempt.code);
      const token = aToken(grant);
      made.push({ grant, token });
      await tested.store.redeemCode(attempt.code.codeHash, now, grant, token);
      await refresh({ grant });
    };
    const before = [...granted.slice(0, 5).map(refresh), ...attempts.slice(0, 5).map(redeem)];
    const removed = tested.store.removeResource(resource);
    await Promise.all([...before, ...granted.map(refresh), ...attempts.map(redeem), removed]);
    assert.ok((await removed)?.grants);
    assert.deepEqual(
      await Promise.all(made.map(isAlive)),
      made.map(() => false),
    );
    assert.equal(await isLive(resource), false);
  });
}

function attemptsAndGrants(tested: StoreUnderTest) {
  const aGrantFor = (resource: ResourceIdentifier) => tested.aLiveGrant({ resource });
  const anAttemptFor = async (resource: ResourceIdentifier) => {
    const client = aClient();
    await tested.store.addClient(client);
    const authorization = anAuthorization(client, { resource });
    const code = aCode(authorization);
    const { subject } = code;
    const account = anAccount({
      subject,
      issuer: "https://idp.example",
      upstreamSubject: unique(),
    });
    const session = { replaces: undefined, account, authTime: now, expiresAt: later(1000) };
    await tested.store.openSession({ sessionHash: aHash(), ...session });
    const signedIn = { subject, email: code.email, authTime: now };
    const transaction = aTransaction(authorization, { signedIn });
    await tested.store.beginTransaction(transaction);
    const decision = { scope: authorization.scope, fingerprint: "same", decidedAt: now };
    const { redirectUri } = authorization;
    const consent = { subject, clientId: client.id, redirectUri, resource, ...decision };
    return {
      code,
      consent,
      complete: () => tested.store.completeTransaction(transaction.handleHash, now, { code, consent }),
    };
  };
  const isAlive = async ({ grant, token }: { grant: Grant; token: ReturnType<typeof aToken> }) =>
    (await tested.store.findGrant(grant.id, now)) !== undefined ||
    (await tested.store.findAccessToken(token.tokenHash, now)) !== undefined;
  /** Whether anything for it would still be found to end. */
  const isLive = async (resource: ResourceIdentifier) =>
    (await tested.store.removeResource(resource)) !== undefined;
  return { aGrantFor, anAttemptFor, isAlive, isLive };
}
