import assert from "node:assert/strict";
import { test } from "node:test";
import { canonicalResource } from "../../src/oauth/resource.ts";
import { type ClientId, seconds } from "../../src/oauth/values.ts";
import { aClient, aHash, count, later, now, times, unique } from "./records.ts";
import type { StoreUnderTest } from "./store-under-test.ts";

/** What a store promises about clients and resources. */
export function clientsContract(tested: StoreUnderTest): void {
  test("a client comes back as it was stored", async () => {
    const client = aClient();
    assert.equal(await tested.store.addClient(client), true);
    assert.deepEqual(await tested.store.findClient(client.id), client);
    assert.equal(await tested.store.findClient("nobody"), undefined);
    const plain = aClient({
      metadata: {},
      scope: undefined,
      authMethod: "client_secret_post",
      secretHash: aHash(),
      dynamicallyRegistered: false,
    });
    await tested.store.addClient(plain);
    assert.deepEqual(await tested.store.findClient(plain.id), plain);
  });

  test("the clients the operator provisioned are listed apart", async () => {
    const [own, foreign] = [aClient({ dynamicallyRegistered: false }), aClient()];
    for (const client of [own, foreign]) await tested.store.addClient(client);
    const listed = (await tested.store.listProvisionedClients()).map(({ id }) => id);
    assert.ok(listed.includes(own.id) && !listed.includes(foreign.id));
    assert.ok((await tested.store.listClients()).some(({ id }) => id === foreign.id));
  });

  test("of many callers with one client id exactly one adds it", async () => {
    const id = unique() as ClientId;
    const answers = await Promise.all(times(20, () => tested.store.addClient(aClient({ id }))));
    assert.equal(count(answers, true), 1);
  });

  test("an identical client is shared, a different one under its id is not", async () => {
    const client = aClient();
    assert.deepEqual(await tested.store.shareClient(client), client);
    await Promise.all(times(20, () => tested.store.shareClient({ ...client, createdAt: later(500) })));
    const used = { ...client, shared: true, lastUsedAt: later(500) };
    assert.deepEqual(await tested.store.findClient(client.id), used);
    assert.equal(await tested.store.shareClient({ ...client, metadata: { name: "Other" } }), undefined);
    assert.deepEqual(await tested.store.findClient(client.id), used);
  });

  test("what nobody ever signed in through is removed where that is asked, and nothing else", async () => {
    const client = aClient();
    await tested.store.addClient(client);
    assert.equal(await tested.store.removeClient(client.id, "unlessUsed"), true);
    const { grant } = await tested.aLiveGrant();
    assert.equal(await tested.store.removeClient(grant.clientId, "unlessUsed"), false);
    assert.ok(await tested.store.findClient(grant.clientId));
  });

  test("what is shared is neither replaced nor removed by one of those who share it", async () => {
    const client = aClient();
    const changed = { ...client, redirectUris: ["https://changed.example/cb"] };
    await tested.store.shareClient(client);
    assert.equal(await tested.store.replaceClient(changed, "unlessShared"), true, "alone with it");
    assert.equal(await tested.store.shareClient(client), undefined, "it is another one now");
    assert.ok(await tested.store.shareClient(changed));
    assert.equal(await tested.store.replaceClient(client, "unlessShared"), false);
    assert.equal(await tested.store.removeClient(client.id, "unlessShared"), false);
    assert.deepEqual((await tested.store.findClient(client.id))?.redirectUris, changed.redirectUris);
    assert.equal(await tested.store.removeClient(client.id), true);
  });

  test("a replaced client keeps its age, its use and what it was granted", async () => {
    const { grant } = await tested.aLiveGrant();
    const before = (await tested.store.findClient(grant.clientId)) ?? assert.fail();
    const changed = aClient({
      id: before.id,
      metadata: { name: "Other" },
      authMethod: "private_key_jwt",
      keys: { jwks: { keys: [{ kty: "EC", crv: "P-256", x: "x", y: "y" }] }, algorithm: "ES256" },
      redirectUris: ["https://other.example/cb"],
      createdAt: later(77),
    });
    assert.equal(await tested.store.replaceClient(changed), true);
    const { createdAt, lastUsedAt } = before;
    assert.deepEqual(await tested.store.findClient(before.id), { ...changed, createdAt, lastUsedAt });
    assert.ok(await tested.store.findGrant(grant.id, now));
    assert.equal(await tested.store.replaceClient(aClient()), false);
  });

  test("a changed client keeps all that the change does not name, and changes of different things at once are both there", async () => {
    const client = aClient({ secretHash: aHash(), clearSecret: "in clear", metadata: { name: "Before" } });
    await tested.store.addClient(client);
    const redirectUris = ["https://one.example/cb", "https://two.example/cb"];
    const made = await Promise.all([
      tested.store.changeClient(client.id, { name: "After" }),
      tested.store.changeClient(client.id, { redirectUris }),
      tested.store.changeClient(client.id, {}),
    ]);
    assert.deepEqual(made, [true, true, true]);
    const metadata = { ...client.metadata, name: "After" };
    assert.deepEqual(await tested.store.findClient(client.id), { ...client, metadata, redirectUris });
    assert.equal(await tested.store.changeClient(aClient().id, { name: "Nobody" }), false);
  });

  test("of many who use one assertion exactly one may, until it is swept after its expiry", async () => {
    const assertion = aHash();
    const answers = await Promise.all(times(20, () => tested.store.useAssertion(assertion, later(60))));
    assert.equal(count(answers, true), 1);
    await tested.store.sweep(later(59), 1000, seconds(90 * 86_400));
    assert.equal(await tested.store.useAssertion(assertion, later(60)), false);
    assert.ok((await tested.store.sweep(later(60), 1000, seconds(90 * 86_400))).assertions >= 1);
  });

  test("a client that registered itself is the operator's while the operator vouches for it, and is shared as before", async () => {
    const client = aClient();
    await tested.store.shareClient(client);
    assert.equal(await tested.store.vouchForClient(client.id, true), true);
    const vouched = { ...client, dynamicallyRegistered: false };
    assert.deepEqual(await tested.store.findClient(client.id), vouched);
    const shared = await tested.store.shareClient({ ...client, createdAt: later(1) });
    assert.deepEqual(shared, { ...vouched, shared: true, lastUsedAt: later(1) });
    assert.equal(await tested.store.vouchForClient(client.id, false), true);
    assert.equal((await tested.store.findClient(client.id))?.dynamicallyRegistered, true);
    assert.equal(await tested.store.vouchForClient(unique(), true), false);
  });

  test("a client that the operator vouches for stays when idle, and is nobody's word again once it is replaced", async () => {
    const [unused, replaced] = [aClient({ createdAt: seconds(1) }), aClient()];
    for (const client of [unused, replaced]) {
      await tested.store.addClient(client);
      await tested.store.vouchForClient(client.id, true);
    }
    await tested.sweepEverything(now, seconds(1000));
    assert.ok(await tested.store.findClient(unused.id));
    await tested.store.replaceClient({ ...replaced, redirectUris: ["https://changed.example/cb"] });
    assert.equal((await tested.store.findClient(replaced.id))?.dynamicallyRegistered, true);
  });

  test("the hash of a clear-text secret follows the clear text, and a change of it meanwhile is not lost", async () => {
    const client = aClient({ clearSecret: "old secret", authMethod: "client_secret_post" });
    await tested.store.addClient(client);
    const [first, second] = [aHash(), aHash()];
    for (const hash of [first, second]) {
      await tested.store.rememberSecretHash(client.id, "old secret", hash);
      assert.deepEqual(await tested.store.findClient(client.id), { ...client, secretHash: hash });
    }
    await tested.store.rememberSecretHash(client.id, "another secret", first);
    assert.equal((await tested.store.findClient(client.id))?.secretHash, second);
    assert.equal(await tested.store.forgetClearSecret(client.id, "another secret", first), false);
    assert.equal((await tested.store.findClient(client.id))?.clearSecret, "old secret");
    assert.equal(await tested.store.forgetClearSecret(client.id, "old secret", first), true);
    assert.deepEqual(await tested.store.findClient(client.id), {
      ...client,
      clearSecret: undefined,
      secretHash: first,
    });
    assert.equal(await tested.store.forgetClearSecret(client.id, "old secret", first), false);
  });

  test("of many who rotate one secret at once exactly one does, and the secret before stays beside it until its end", async () => {
    for (const before of [{ secretHash: aHash() }, { clearSecret: "old secret" }]) {
      const client = aClient({ ...before, authMethod: "client_secret_post", dynamicallyRegistered: false });
      await tested.store.addClient(client);
      const previous = { secretHash: aHash(), until: later(60) };
      const hashes = times(20, aHash);
      const rotated = await Promise.all(
        hashes.map((secretHash) =>
          tested.store.rotateSecret(
            client,
            { secretHash, clearSecret: client.clearSecret && "new" },
            previous,
          ),
        ),
      );
      assert.equal(count(rotated, true), 1);
      const secretHash = hashes[rotated.indexOf(true)];
      const clearSecret = client.clearSecret && "new";
      const found = { ...client, clearSecret, secretHash, previousSecret: previous };
      assert.deepEqual(await tested.store.findClient(client.id), found);
      assert.equal(
        await tested.store.rotateSecret(found, { secretHash: aHash(), clearSecret }, undefined),
        true,
      );
      assert.equal((await tested.store.findClient(client.id))?.previousSecret, undefined);
    }
    assert.equal(
      await tested.store.rotateSecret(aClient(), { secretHash: aHash(), clearSecret: undefined }, undefined),
      false,
    );
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
    assert.equal(await tested.store.addResource(resource, first), true);
    assert.equal(await tested.store.addResource(resource, aHash()), false);
    assert.deepEqual(await tested.store.findResource(identifier), resource);
    assert.deepEqual(await tested.store.findResourceByCredential(first), resource);
    assert.equal(await tested.store.replaceResourceCredential(identifier, second), true);
    assert.equal(await tested.store.findResourceByCredential(first), undefined);
    assert.deepEqual(await tested.store.findResourceByCredential(second), resource);
    assert.ok((await tested.store.listResources()).some((listed) => listed.identifier === identifier));
    const scopes = [{ name: "read", sentence: "Read all", isDefault: true as const }];
    assert.equal(
      (await tested.store.changeResource(identifier, { scopes, defaults: ["read"] })).outcome,
      "changed",
    );
    assert.deepEqual(await tested.store.findResource(identifier), { ...resource, scopes });
    assert.equal((await tested.store.changeResource(identifier, { name: "Notebook" })).outcome, "changed");
    const changed = { ...resource, name: "Notebook", scopes };
    assert.deepEqual(await tested.store.findResourceByCredential(second), changed);
    const claims = ["groups", "name"] as const;
    assert.equal((await tested.store.changeResource(identifier, { claims })).outcome, "changed");
    assert.deepEqual(await tested.store.findResourceByCredential(second), { ...changed, claims });
    assert.equal((await tested.store.changeResource(identifier, { claims: [] })).outcome, "changed");
    assert.equal((await tested.store.changeResource(identifier, {})).outcome, "changed");
    assert.deepEqual(await tested.store.findResource(identifier), changed);
    const [third, fourth] = [aHash(), aHash()];
    assert.equal(await tested.store.replaceResourceCredential(identifier, third, later(60)), true);
    const kept = { ...changed, previousCredential: { hash: second, until: later(60) } };
    for (const hash of [second, third]) {
      assert.deepEqual(await tested.store.findResourceByCredential(hash), kept);
    }
    assert.equal(await tested.store.replaceResourceCredential(identifier, fourth, later(90)), true);
    assert.equal(await tested.store.findResourceByCredential(second), undefined, "never three");
    assert.deepEqual((await tested.store.findResourceByCredential(third))?.previousCredential, {
      hash: third,
      until: later(90),
    });
    assert.equal(await tested.store.replaceResourceCredential(identifier, second), true);
    for (const hash of [third, fourth]) {
      assert.equal(await tested.store.findResourceByCredential(hash), undefined);
    }
    assert.deepEqual(await tested.store.findResourceByCredential(second), changed);
    assert.deepEqual(await tested.store.removeResource(identifier), { grants: 0 });
    assert.equal(await tested.store.removeResource(identifier), undefined);
    assert.equal(await tested.store.findResourceByCredential(second), undefined);
    const gone = await tested.store.changeResource(identifier, { name: "Gone" });
    assert.deepEqual(gone, { outcome: "unknown" });
  });
}
