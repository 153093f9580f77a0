import assert from "node:assert/strict";
import { test } from "node:test";
import type { GrantUse } from "../../src/oauth/store/uses.ts";
import { type GrantId, seconds } from "../../src/oauth/values.ts";
import { aRotation, later, now, times } from "./records.ts";
import type { StoreUnderTest } from "./store-under-test.ts";

/** What a store promises about the last use of grants. */
export function usesContract(tested: StoreUnderTest): void {
  const aUse = (grantId: GrantId, usedAt = now, address?: string): GrantUse => ({
    grantId,
    usedAt,
    address,
  });
  const useOf = async (id: GrantId) => (await tested.store.findUses([id])).get(id);

  test("the last use of a grant is noted, and the address it was last asked for tokens from stays", async () => {
    const { grant } = await tested.aLiveGrant();
    assert.deepEqual(await useOf(grant.id), { usedAt: grant.rotatedAt, address: undefined });
    await tested.store.noteUses([aUse(grant.id, now, "192.0.2.1")]);
    await tested.store.noteUses([aUse(grant.id, later(60))]);
    assert.deepEqual(await useOf(grant.id), { usedAt: later(60), address: "192.0.2.1" });
    await tested.store.noteUses([aUse(grant.id, later(30), "2001:db8::1")]);
    assert.deepEqual(await useOf(grant.id), { usedAt: later(60), address: "2001:db8::1" });
    assert.deepEqual(await tested.store.findGrant(grant.id, now), grant, "nothing else of it changed");
  });

  test("what makes or rotates a grant notes that, with the address, without being told to", async () => {
    const { grant } = await tested.aLiveGrant({}, "192.0.2.1");
    assert.deepEqual(await useOf(grant.id), { usedAt: grant.rotatedAt, address: "192.0.2.1" });
    const rotation = { now: later(60), accessToken: undefined };
    const rotate = (generation: number, address?: string) =>
      tested.store.rotateGrant(aRotation(grant, generation, { ...rotation, address }));
    assert.equal((await rotate(1, "2001:db8::1")).outcome, "rotated");
    assert.deepEqual(await useOf(grant.id), { usedAt: later(60), address: "2001:db8::1" });
    assert.equal((await rotate(2)).outcome, "rotated");
    assert.equal((await useOf(grant.id))?.address, "2001:db8::1");
    assert.equal((await rotate(9, "192.0.2.9")).outcome, "fast_forwarded");
    assert.equal((await useOf(grant.id))?.address, "192.0.2.9");
  });

  test("what an introspection needs of a grant is what the grant says, and its last use, rotated or noted", async () => {
    const { grant } = await tested.aLiveGrant({ reference: "K7QM-2XDA-94TB" });
    const { clientId, subject, email, scope, resource, salt, expiresAt, reference } = grant;
    const said = { clientId, subject, email, scope, resource, salt, reference, standing: undefined };
    const found = (at = now) => tested.store.findTokenGrant(grant.id, at);
    assert.deepEqual(await found(), { ...said, expiresAt, usedAt: grant.rotatedAt });
    await tested.store.noteUses([aUse(grant.id, later(60))]);
    assert.deepEqual(await found(), { ...said, expiresAt, usedAt: later(60) });
    const rotation = aRotation(grant, 1, { now: later(90), accessToken: undefined });
    assert.equal((await tested.store.rotateGrant(rotation)).outcome, "rotated");
    assert.equal((await found())?.usedAt, later(90));
    const end = (await found())?.expiresAt ?? assert.fail();
    assert.equal((await found(seconds(end - 1)))?.usedAt, later(90));
    assert.equal(await found(end), undefined);
    await tested.store.revokeGrant(grant.id);
    assert.equal(await found(), undefined);
  });

  test("of a grant that is gone nothing is noted, and the others of that time are", async () => {
    const { grant } = await tested.aLiveGrant();
    const other = await tested.aLiveGrant();
    await tested.store.revokeGrant(grant.id);
    await tested.store.noteUses([aUse(grant.id), aUse(other.grant.id)]);
    await tested.store.noteUses([]);
    const found = await tested.store.findUses([grant.id, other.grant.id, "unknown" as GrantId]);
    assert.deepEqual([...found], [[other.grant.id, { usedAt: now, address: undefined }]]);
    assert.equal((await tested.store.findUses([])).size, 0);
  });

  test("where the server stops, many are noted all the same", async () => {
    const grants = await Promise.all(times(60, async () => (await tested.aLiveGrant()).grant.id));
    const uses = grants.map((id) => aUse(id, later(7)));
    await tested.store.noteUses(uses, AbortSignal.abort());
    const found = await tested.store.findUses(grants);
    assert.ok(grants.every((id) => found.get(id)?.usedAt === later(7)));
  });

  test("many uses noted by many at once are all noted, whatever their order", async () => {
    const grants = await Promise.all(times(60, async () => (await tested.aLiveGrant()).grant.id));
    const backwards = grants.toReversed();
    await Promise.all(
      [0, 1, 2, 3, 4, 5].map((n) =>
        tested.store.noteUses((n % 2 ? grants : backwards).map((id) => aUse(id, later(n), `192.0.2.${n}`))),
      ),
    );
    for (const [, { usedAt }] of await tested.store.findUses(grants)) assert.equal(usedAt, later(5));
    assert.equal((await tested.store.findUses(grants)).size, 60);
  });
}
