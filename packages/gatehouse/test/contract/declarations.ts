import assert from "node:assert/strict";
import { test } from "node:test";
import {
  credentialOfNobody,
  type DeclaredClient,
  type DeclaredResource,
} from "../../src/oauth/declarations.ts";
import { canonicalResource } from "../../src/oauth/resource.ts";
import { type ResourceIdentifier, seconds } from "../../src/oauth/values.ts";
import { aClient, aHash, aRotation, aToken, later, now, times, unique } from "./records.ts";
import type { StoreUnderTest } from "./store-under-test.ts";

const anIdentifier = () =>
  canonicalResource(`https://${unique().toLowerCase().replaceAll("_", "-")}.example/mcp`);

const declared = (fingerprint = "as-it-was", place = "gatehouse.yaml:3:5") => ({ place, fingerprint });

const aResource = (over: Partial<DeclaredResource> = {}): DeclaredResource => ({
  identifier: anIdentifier(),
  name: "Notes",
  scopes: [{ name: "read", sentence: "Read" }],
  createdAt: now,
  declared: declared(),
  credentialHash: aHash(),
  ...over,
});

const aDeclaredClient = (over: Partial<DeclaredClient> = {}): DeclaredClient => ({
  ...aClient({ dynamicallyRegistered: false, authMethod: "client_secret_basic", secretHash: aHash() }),
  scope: undefined,
  metadata: { name: "Dashboard" },
  declared: declared(),
  ...over,
});

/** What a store promises about what a file declares. */
export function declarationsContract(tested: StoreUnderTest): void {
  const declare = (resources: readonly DeclaredResource[], at = now, fingerprint = unique()) =>
    tested.store.declare({ resources: { fingerprint, items: resources } }, at);
  const find = (identifier: ResourceIdentifier) => tested.store.findResource(identifier);
  const inResources = (...identifiers: string[]) => identifiers.map((id) => ({ kind: "resources", id }));

  test("what is declared is there as it was given, and the same twice changes nothing", async () => {
    const previousCredential = { hash: aHash(), until: later(1000) };
    const [first, second] = [aResource({ previousCredential }), aResource({ name: undefined, scopes: [] })];
    const { credentialHash, ...record } = first;
    const outcome = await declare([first, second], now, "both");
    assert.equal(outcome.outcome, "declared");
    assert.deepEqual(
      outcome.outcome === "declared" && outcome.changed,
      inResources(first.identifier, second.identifier),
    );
    assert.deepEqual(await find(first.identifier), record);
    assert.deepEqual(await tested.store.findResourceByCredential(credentialHash), record);
    assert.deepEqual(await tested.store.findResourceByCredential(previousCredential.hash), record);
    assert.equal((await tested.store.findDeclarations()).resources, "both");
    assert.deepEqual(await declare([first, second], later(5), "both"), {
      outcome: "declared",
      changed: [],
      returned: [],
      left: [],
    });
    assert.deepEqual(await find(first.identifier), record);
    const moved = { ...first, createdAt: later(9), declared: declared("as-it-was", "gatehouse.yaml:9:5") };
    const renamed = { ...second, name: "Other" };
    const next = await declare([moved, renamed], later(9));
    assert.deepEqual(next.outcome === "declared" && next.changed, inResources(second.identifier));
    assert.deepEqual(await find(first.identifier), { ...record, declared: moved.declared });
    assert.equal((await find(second.identifier))?.name, "Other");
  });

  test("no change or removal reaches what is declared", async () => {
    const resource = aResource();
    await declare([resource]);
    assert.deepEqual(await tested.store.changeResource(resource.identifier, { name: "Mine" }), {
      outcome: "declared",
      declared: resource.declared,
    });
    assert.equal(await tested.store.replaceResourceCredential(resource.identifier, aHash()), false);
    assert.equal(await tested.store.removeResource(resource.identifier), undefined);
    const { credentialHash, ...record } = resource;
    assert.deepEqual(await tested.store.findResourceByCredential(credentialHash), record);
    const client = aDeclaredClient();
    await tested.store.declare({ clients: { fingerprint: unique(), items: [client] } }, now);
    assert.equal(await tested.store.changeClient(client.id, { name: "Mine" }), false);
    assert.equal(
      await tested.store.rotateSecret(client, { secretHash: aHash(), clearSecret: undefined }, undefined),
      false,
    );
    assert.equal(await tested.store.removeClient(client.id), false);
    assert.deepEqual(await tested.store.findClient(client.id), client);
  });

  test("what is no longer declared has left at once, with all that stands for it, and comes back as it was within a day", async () => {
    const resource = aResource();
    await declare([resource]);
    const { identifier } = resource;
    const { grant, token } = await tested.aLiveGrant({ resource: identifier, scope: "read write" });
    const standing = async () => [
      (await tested.store.findGrant(grant.id, now))?.standing,
      (await tested.store.findGrantAndAccount(grant.id, now))?.grant.standing,
      (await tested.store.findTokenGrant(grant.id, now))?.standing,
      (await tested.store.findAccessToken(token.tokenHash, now))?.standing,
      (await tested.store.findAccessTokenAndAccount(token.tokenHash, now))?.token.standing,
    ];
    assert.deepEqual(
      await standing(),
      times(5, () => ({ scopes: ["read"] })),
    );
    const outcome = await declare([], later(10));
    assert.ok(outcome.outcome === "declared" && outcome.left.some(({ id }) => id === identifier));
    assert.equal((await find(identifier))?.declared?.leftAt, later(10));
    assert.deepEqual(
      await standing(),
      times(5, () => ({ scopes: ["read"], left: true })),
    );
    assert.equal(await tested.store.countGrantsFor({ kind: "resources", id: identifier }, now), 1);
    // It left once.
    await declare([], later(500));
    assert.equal((await find(identifier))?.declared?.leftAt, later(10));
    const back = await declare([resource], later(10 + 86_399));
    assert.deepEqual(back.outcome === "declared" && back.returned, inResources(identifier));
    assert.deepEqual((await find(identifier))?.declared, resource.declared);
    assert.deepEqual(
      await standing(),
      times(5, () => ({ scopes: ["read"] })),
    );
    assert.equal(
      (await tested.store.rotateGrant(aRotation(grant, 1, { accessToken: aToken(grant) }))).outcome,
      "rotated",
    );
  });

  test("who comes back later, or as something else, does so once what was granted for it has ended", async () => {
    for (const [again, at] of [
      [{}, later(86_400)],
      [{ declared: declared("otherwise") }, later(10)],
    ] as const) {
      const resource = aResource();
      const { identifier } = resource;
      const other = aResource();
      await declare([resource]);
      const { grant, token } = await tested.aLiveGrant({ resource: identifier });
      await declare([other]);
      const changed = { ...resource, ...again };
      assert.deepEqual(await declare([other, changed], at), {
        outcome: "blocked",
        by: inResources(identifier),
      });
      assert.ok((await find(identifier))?.declared?.leftAt, "nothing changed");
      const name = { kind: "resources", id: identifier } as const;
      assert.equal(await tested.store.endLeft(name, later(-1)), undefined, "not so long ago");
      assert.equal(await tested.store.endLeft({ ...name, id: other.identifier }, at), undefined);
      assert.deepEqual(await tested.store.endLeft(name, at), { grants: 1 });
      assert.equal(await find(identifier), undefined);
      assert.equal(await tested.store.findGrant(grant.id, now), undefined);
      assert.equal(await tested.store.findAccessToken(token.tokenHash, now), undefined);
      assert.equal((await declare([other, changed], at)).outcome, "declared");
      assert.equal((await find(identifier))?.declared?.leftAt, undefined);
    }
  });

  test("a credential may go from one declared resource to another, never from one that a command added", async () => {
    const [first, second] = [aResource(), aResource()];
    await declare([first, second]);
    const swapped = [
      { ...first, credentialHash: second.credentialHash },
      { ...second, credentialHash: first.credentialHash },
    ];
    assert.equal((await declare(swapped)).outcome, "declared");
    const found = await tested.store.findResourceByCredential(first.credentialHash);
    assert.equal(found?.identifier, second.identifier);
    const renamed = { ...first, identifier: anIdentifier(), credentialHash: second.credentialHash };
    assert.equal((await declare([renamed])).outcome, "declared");
    const now_ = await tested.store.findResourceByCredential(second.credentialHash);
    assert.equal(now_?.identifier, renamed.identifier);
    const { credentialHash, declared: _, ...strange } = aResource();
    await tested.store.addResource(strange, credentialHash);
    assert.deepEqual(await declare([renamed, { ...first, credentialHash }]), {
      outcome: "conflict",
      resource: first.identifier,
      other: strange.identifier,
    });
    // Under its own name it is taken over, and so are its grants.
    const { grant } = await tested.aLiveGrant({ resource: strange.identifier });
    await declare([renamed, { ...strange, credentialHash, declared: declared() }]);
    assert.ok((await find(strange.identifier))?.declared);
    assert.ok(await tested.store.findGrant(grant.id, now));
  });

  test("clients are declared, leave and come back like resources, and what a file does not speak of stays", async () => {
    const client = aDeclaredClient({ previousSecret: { secretHash: aHash(), until: later(1000) } });
    const resource = aResource();
    const others = aClient();
    await tested.store.addClient(others);
    const clients = (items: readonly DeclaredClient[], at = now) =>
      tested.store.declare({ clients: { fingerprint: unique(), items } }, at);
    await declare([resource]);
    await clients([client]);
    assert.deepEqual(await tested.store.findClient(client.id), client);
    assert.ok((await tested.store.listProvisionedClients()).some(({ id }) => id === client.id));
    const { grant, token } = await tested.aLiveGrant({ clientId: client.id });
    const left = await clients([], later(10));
    assert.deepEqual(left.outcome === "declared" && left.left, [{ kind: "clients", id: client.id }]);
    assert.equal((await tested.store.findClient(client.id))?.declared?.leftAt, later(10));
    assert.equal((await tested.store.findGrant(grant.id, now))?.standing?.left, true);
    assert.equal((await tested.store.findAccessToken(token.tokenHash, now))?.standing?.left, true);
    assert.equal((await find(resource.identifier))?.declared?.leftAt, undefined);
    assert.equal((await tested.store.findClient(others.id))?.declared, undefined);
    await clients([client], later(20));
    const returned = await tested.store.findClient(client.id);
    assert.deepEqual(returned && { ...returned, lastUsedAt: undefined }, client);
    assert.equal((await tested.store.findGrant(grant.id, now))?.standing, undefined);
    await clients([], later(30));
    assert.equal(await tested.store.countGrantsFor({ kind: "clients", id: client.id }, now), 1);
    assert.deepEqual(await tested.store.endLeft({ kind: "clients", id: client.id }, later(30)), {
      grants: 1,
    });
    assert.equal(await tested.store.findClient(client.id), undefined);
    assert.equal(await tested.store.findAccessToken(token.tokenHash, now), undefined);
    // One that registered itself under that id is the operator's from then on.
    await clients([aDeclaredClient({ id: others.id })]);
    assert.equal((await tested.store.findClient(others.id))?.dynamicallyRegistered, false);
    await clients([]);
  });

  test("what stands behind the server is declared by itself: who speaks of the one kind of resources removes none of the other", async () => {
    const identifiers = [anIdentifier(), anIdentifier()];
    const [first, second] = identifiers.map((identifier) =>
      aResource({ identifier, credentialHash: credentialOfNobody(identifier) }),
    ) as [DeclaredResource, DeclaredResource];
    const asking = aResource();
    const servers = (items: readonly DeclaredResource[], at = now) =>
      tested.store.declare({ servers: { fingerprint: unique(), items } }, at);
    const left = async () =>
      Promise.all(
        [asking, first, second].map(async (each) => (await find(each.identifier))?.declared?.leftAt),
      );
    await declare([asking]);
    await servers([first, second]);
    assert.deepEqual(await left(), [undefined, undefined, undefined]);
    await declare([asking], later(1));
    assert.deepEqual(await left(), [undefined, undefined, undefined]);
    const fewer = await servers([first], later(2));
    assert.deepEqual(fewer.outcome === "declared" && fewer.left, inResources(second.identifier));
    await declare([], later(3));
    assert.deepEqual(await left(), [later(3), undefined, later(2)]);
    const both = {
      resources: { fingerprint: "r", items: [asking] },
      servers: { fingerprint: "s", items: [first, second] },
    };
    const back = await tested.store.declare(both, later(4));
    assert.deepEqual(
      back.outcome === "declared" && back.returned,
      inResources(asking.identifier, second.identifier),
    );
    const { resources, servers: standing } = await tested.store.findDeclarations();
    assert.deepEqual([resources, standing], ["r", "s"]);
    // One address may change sides: it is the same resource, with the same grants.
    await declare([{ ...first, credentialHash: aHash() }], later(5));
    await servers([], later(6));
    assert.deepEqual(await left(), [later(5), undefined, later(6)]);
    await declare([]);
  });

  test("of two that declare at once one's declarations hold as a whole", async () => {
    const sides = times(2, () => times(3, () => aResource()));
    for (let round = 0; round < 5; round++) {
      await Promise.all(sides.map((items, side) => declare(items, seconds(now + round), `side ${side}`)));
      const holding = (await tested.store.findDeclarations()).resources === "side 0" ? 0 : 1;
      for (const [side, items] of sides.entries()) {
        for (const { identifier } of items) {
          assert.equal((await find(identifier))?.declared?.leftAt === undefined, side === holding);
        }
      }
    }
  });

  test("two operators who change different things of a resource at once lose nothing", async () => {
    const {
      credentialHash,
      declared: _,
      ...resource
    } = aResource({
      scopes: [
        { name: "read", sentence: "Read" },
        { name: "write", sentence: "Write" },
      ],
    });
    const { identifier } = resource;
    await tested.store.addResource(resource, credentialHash);
    const { changeResource } = tested.store;
    await Promise.all([
      changeResource(identifier, { defaults: ["read"] }),
      changeResource(identifier, { optionals: ["write"] }),
      changeResource(identifier, { name: "Notebook" }),
      changeResource(identifier, { claims: ["groups"] }),
    ]);
    assert.deepEqual(await find(identifier), {
      ...resource,
      name: "Notebook",
      claims: ["groups"],
      scopes: [
        { name: "read", sentence: "Read", isDefault: true },
        { name: "write", sentence: "Write", isOptional: true },
      ],
    });
    assert.deepEqual(await changeResource(identifier, { defaults: ["nothing"] }), {
      outcome: "no_such_scope",
      scope: "nothing",
    });
    assert.deepEqual(await changeResource(identifier, { defaults: ["write"] }), {
      outcome: "default_and_optional",
      scope: "write",
    });
    await changeResource(identifier, { scopes: [{ name: "write", sentence: undefined }] });
    assert.deepEqual((await find(identifier))?.scopes, [
      { name: "write", sentence: undefined, isOptional: true },
    ]);
  });
}
