import assert from "node:assert/strict";
import { test } from "node:test";
import { canonicalResource } from "../../oauth/resource.ts";
import { type ClientId, seconds } from "../../oauth/values.ts";

import { aClient, aHash, count, type Given, later, now, times, unique } from "./given.ts";

/** What a store promises about clients and resources. */
export function clientsContract(given: Given): void {
  test("a client comes back as it was stored", async () => {
    const client = aClient();
    assert.equal(await given.store.addClient(client), true);
    assert.deepEqual(await given.store.findClient(client.id), client);
    assert.equal(await given.store.findClient("nobody"), undefined);
    const plain = aClient({
      metadata: {},
      scope: undefined,
      authMethod: "client_secret_post",
      secretHash: aHash(),
      dynamicallyRegistered: false,
    });
    await given.store.addClient(plain);
    assert.deepEqual(await given.store.findClient(plain.id), plain);
  });

  test("the clients the operator provisioned are listed apart", async () => {
    const [own, foreign] = [aClient({ dynamicallyRegistered: false }), aClient()];
    for (const client of [own, foreign]) await given.store.addClient(client);
    const listed = (await given.store.listProvisionedClients()).map(({ id }) => id);
    assert.ok(listed.includes(own.id) && !listed.includes(foreign.id));
    assert.ok((await given.store.listClients()).some(({ id }) => id === foreign.id));
  });

  test("of many callers with one client id exactly one adds it", async () => {
    const id = unique() as ClientId;
    const answers = await Promise.all(times(20, () => given.store.addClient(aClient({ id }))));
    assert.equal(count(answers, true), 1);
  });

  test("an identical client is shared, a different one under its id is not", async () => {
    const client = aClient();
    assert.deepEqual(await given.store.shareClient(client), client);
    await Promise.all(times(20, () => given.store.shareClient({ ...client, createdAt: later(500) })));
    const used = { ...client, shared: true, lastUsedAt: later(500) };
    assert.deepEqual(await given.store.findClient(client.id), used);
    assert.equal(await given.store.shareClient({ ...client, metadata: { name: "Other" } }), undefined);
    assert.deepEqual(await given.store.findClient(client.id), used);
  });

  test("what is shared is neither replaced nor removed by one of those who share it", async () => {
    const client = aClient();
    const changed = { ...client, redirectUris: ["https://changed.example/cb"] };
    await given.store.shareClient(client);
    assert.equal(await given.store.replaceClient(changed, "unlessShared"), true, "alone with it");
    assert.equal(await given.store.shareClient(client), undefined, "it is another one now");
    assert.ok(await given.store.shareClient(changed));
    assert.equal(await given.store.replaceClient(client, "unlessShared"), false);
    assert.equal(await given.store.removeClient(client.id, "unlessShared"), false);
    assert.deepEqual((await given.store.findClient(client.id))?.redirectUris, changed.redirectUris);
    assert.equal(await given.store.removeClient(client.id), true);
  });

  test("a replaced client keeps its age, its use and what it was granted", async () => {
    const { grant } = await given.aLiveGrant();
    const before = (await given.store.findClient(grant.clientId)) ?? assert.fail();
    const changed = aClient({
      id: before.id,
      metadata: { name: "Other" },
      authMethod: "private_key_jwt",
      keys: { jwks: { keys: [{ kty: "EC", crv: "P-256", x: "x", y: "y" }] }, algorithm: "ES256" },
      redirectUris: ["https://other.example/cb"],
      createdAt: later(77),
    });
    assert.equal(await given.store.replaceClient(changed), true);
    const { createdAt, lastUsedAt } = before;
    assert.deepEqual(await given.store.findClient(before.id), { ...changed, createdAt, lastUsedAt });
    assert.ok(await given.store.findGrant(grant.id, now));
    assert.equal(await given.store.replaceClient(aClient()), false);
  });

  test("of many who use one assertion exactly one may, until it is swept after its expiry", async () => {
    const assertion = aHash();
    const answers = await Promise.all(times(20, () => given.store.useAssertion(assertion, later(60))));
    assert.equal(count(answers, true), 1);
    await given.store.sweep(later(59), 1000, seconds(90 * 86_400));
    assert.equal(await given.store.useAssertion(assertion, later(60)), false);
    assert.ok((await given.store.sweep(later(60), 1000, seconds(90 * 86_400))).assertions >= 1);
  });

  test("a remembered secret hash stands beside the clear text and is not replaced", async () => {
    const client = aClient({ clearSecret: "old secret", authMethod: "client_secret_post" });
    await given.store.addClient(client);
    const first = aHash();
    await given.store.rememberSecretHash(client.id, first);
    await given.store.rememberSecretHash(client.id, aHash());
    assert.deepEqual(await given.store.findClient(client.id), { ...client, secretHash: first });
  });

  test("clear-text secrets are forgotten where a hash stands beside them", async () => {
    const legacy = { clearSecret: "old secret", authMethod: "client_secret_post" } as const;
    const [hashed, unhashed] = [aClient({ ...legacy, secretHash: aHash() }), aClient(legacy)];
    for (const client of [hashed, unhashed]) await given.store.addClient(client);
    assert.ok((await given.store.forgetClearSecrets()) >= 1);
    assert.deepEqual(await given.store.findClient(hashed.id), { ...hashed, clearSecret: undefined });
    assert.deepEqual(await given.store.findClient(unhashed.id), unhashed);
    assert.equal(await given.store.forgetClearSecrets(), 0);
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
    assert.equal(await given.store.addResource(resource, first), true);
    assert.equal(await given.store.addResource(resource, aHash()), false);
    assert.deepEqual(await given.store.findResource(identifier), resource);
    assert.deepEqual(await given.store.findResourceByCredential(first), resource);
    assert.equal(await given.store.replaceResourceCredential(identifier, second), true);
    assert.equal(await given.store.findResourceByCredential(first), undefined);
    assert.deepEqual(await given.store.findResourceByCredential(second), resource);
    assert.ok((await given.store.listResources()).some((listed) => listed.identifier === identifier));
    assert.deepEqual(await given.store.removeResource(identifier), { grants: 0 });
    assert.equal(await given.store.removeResource(identifier), undefined);
    assert.equal(await given.store.findResourceByCredential(second), undefined);
  });
}
