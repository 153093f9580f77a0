import assert from "node:assert/strict";
import { test } from "node:test";
import type { Account } from "../../src/oauth/records.ts";
import { canonicalResource } from "../../src/oauth/resource.ts";
import type { ListedPage } from "../../src/oauth/store/listing.ts";
import { type Seconds, seconds } from "../../src/oauth/values.ts";
import { aClient, aHash, anAccount, later, now, unique } from "./records.ts";
import type { StoreUnderTest } from "./store-under-test.ts";

/** What a store promises about long lists. */
export function listingContract(tested: StoreUnderTest): void {
  const signIn = (account: Account, authTime: Seconds) =>
    tested.store.openSession({
      sessionHash: aHash(),
      replaces: undefined,
      account,
      authTime,
      expiresAt: seconds(authTime + 1000),
    });

  /** All parts of a list, `limit` at a time. */
  async function everyPart<T>(limit: number, read: (after: string | undefined) => Promise<ListedPage<T>>) {
    const items: T[] = [];
    let after: string | undefined;
    do {
      const part = await read(after);
      assert.ok(part.items.length <= limit);
      items.push(...part.items);
      after = part.next;
    } while (after !== undefined);
    return items;
  }

  test("people are listed the newest first, in parts that leave out nobody and tell nobody twice", async () => {
    const then = later(1_000_000); // after everybody else's
    const people = Array.from({ length: 7 }, () => anAccount());
    for (const [at, account] of people.entries()) await signIn(account, seconds(then + Math.floor(at / 3)));
    const whole = await tested.store.listPeople({}, { limit: 10_000 });
    assert.equal(whole.next, undefined);
    const parts = await everyPart(2, (after) => tested.store.listPeople({}, { limit: 2, after }));
    assert.deepEqual(parts, whole.items);
    const newest = parts.slice(0, people.length);
    assert.deepEqual(
      new Set(newest.map(({ subject }) => subject)),
      new Set(people.map(({ subject }) => subject)),
    );
    const times = parts.map(({ createdAt }) => createdAt);
    assert.deepEqual(
      times,
      times.toSorted((a, b) => b - a),
    );

    const { next } = await tested.store.listPeople({}, { limit: 3 });
    await signIn(anAccount(), seconds(then + 10));
    const behind = await tested.store.listPeople({}, { limit: 4, after: next });
    assert.deepEqual(behind.items, newest.slice(3), "who came meanwhile moves nobody");
  });

  test("people are found by the beginning of their address, in any case of its letters, and those who are blocked", async () => {
    const word = unique()
      .replace(/[^a-z]/gi, "x")
      .toLowerCase();
    const addresses = [`${word}@b.example`, `${word.toUpperCase()}.x@a.example`, `${word}%_é@c.example`];
    const accounts = addresses.map((email) => anAccount({ email }));
    for (const account of [...accounts, anAccount({ email: `a${word}@b.example` })])
      await signIn(account, now);
    const find = (address: string, limit = 2) =>
      everyPart(limit, (after) => tested.store.listPeople({ address }, { limit, after }));
    const found = await find(word);
    assert.deepEqual(
      found.map(({ email }) => email),
      [addresses[2], addresses[1], addresses[0]],
      "in the order of their addresses",
    );
    assert.deepEqual(await find(word.toUpperCase(), 100), found);
    assert.deepEqual((await find(`${word}%`)).length, 1, "no letter stands for others");
    assert.deepEqual(await find(`${word}nobody`), []);

    const [first] = accounts;
    assert.ok(first);
    await tested.store.blockAccount(first.subject, now);
    const blocked = await everyPart(2, (after) =>
      tested.store.listPeople({ blocked: true }, { limit: 2, after }),
    );
    assert.ok(blocked.some(({ subject }) => subject === first.subject));
    assert.ok(blocked.every(({ blockedAt }) => blockedAt !== undefined));
  });

  test("live grants are listed the newest first, of one client or for one resource too", async () => {
    const client = aClient();
    await tested.store.addClient(client);
    const made = [];
    for (let at = 0; at < 5; at++) made.push((await tested.aLiveGrantOf(client)).grant);
    const ids = new Set(made.map(({ id }) => id));
    const list = (which: Parameters<typeof tested.store.listGrants>[0], limit: number) =>
      everyPart(limit, (after) => tested.store.listGrants(which, now, { limit, after }));
    const ofClient = await list({ client: client.id }, 2);
    assert.deepEqual(new Set(ofClient.map(({ id }) => id)), ids);
    assert.equal(ofClient.length, ids.size);
    const all = new Set((await list({}, 100)).map(({ id }) => id));
    assert.ok([...ids].every((id) => all.has(id)));
    const [one] = made;
    const resource = one?.resource ?? assert.fail("no resource");
    assert.ok((await list({ resource }, 3)).some(({ id }) => id === one?.id));
    assert.deepEqual(
      await list(
        {
          resource: canonicalResource(
            `https://${unique()
              .toLowerCase()
              .replace(/[^a-z]/g, "x")}.example`,
          ),
        },
        3,
      ),
      [],
    );
    await tested.store.revokeGrant(one?.id ?? assert.fail());
    assert.equal((await list({ client: client.id }, 2)).length, 4);
    assert.deepEqual(await tested.store.listGrants({ client: client.id }, later(1000), { limit: 2 }), {
      items: [],
      next: undefined,
    });
  });

  test("clients are listed the newest first, and those that the operator provisioned by themselves", async () => {
    const then = later(2_000_000);
    const provisioned = aClient({ createdAt: then, dynamicallyRegistered: false, secretHash: aHash() });
    const registered = [aClient({ createdAt: then }), aClient({ createdAt: later(2_000_001) })];
    for (const client of [provisioned, ...registered]) await tested.store.addClient(client);
    const list = (which: Parameters<typeof tested.store.pageOfClients>[0]) =>
      everyPart(2, (after) => tested.store.pageOfClients(which, { limit: 2, after }));
    const all = await list({});
    assert.equal(all[0]?.id, registered[1]?.id);
    assert.deepEqual(
      new Set(all.slice(1, 3).map(({ id }) => id)),
      new Set([provisioned.id, registered[0]?.id]),
    );
    assert.equal(new Set(all.map(({ id }) => id)).size, (await tested.store.listClients()).length);
    const own = await list({ provisioned: true });
    assert.equal(own[0]?.id, provisioned.id);
    assert.ok(own.every(({ dynamicallyRegistered }) => !dynamicallyRegistered));
  });

  test("where a list ended is not believed when nobody told it so: it begins anew", async () => {
    const beginning = await tested.store.listPeople({}, { limit: 1 });
    const asCursor = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    for (const after of [
      "",
      "x",
      "%00",
      asCursor(["yesterday", "x"]),
      asCursor([1, 2]),
      asCursor(["1e99", "\0"]),
    ]) {
      const part = await tested.store.listPeople({}, { limit: 1, after });
      assert.ok(part.items.length <= 1, after);
      await tested.store.listPeople({ address: "a" }, { limit: 1, after });
      await tested.store.listGrants({}, now, { limit: 1, after });
      await tested.store.pageOfClients({}, { limit: 1, after });
      await tested.store.listInvitations(now, { limit: 1, after });
    }
    assert.deepEqual(await tested.store.listPeople({}, { limit: 1, after: "x" }), beginning);
  });

  test("everything is counted", async () => {
    const before = await tested.store.countEverything(now);
    const account = anAccount();
    await signIn(account, now);
    await tested.store.blockAccount(account.subject, now);
    await signIn(anAccount(), now);
    await tested.aLiveGrant();
    const after = await tested.store.countEverything(now);
    assert.deepEqual(after, {
      people: before.people + 2,
      blocked: before.blocked + 1,
      sessions: before.sessions + 1,
      grants: before.grants + 1,
      clients: before.clients + 1,
      resources: before.resources,
    });
  });

  test("events of the audit trail are counted by the hour and by name, and the latest of a kind are found", async () => {
    const hour = 3_600_000;
    const since = 527_000 * hour; // when nothing else happens
    const [one, other] = [unique(), unique()];
    const happened = [
      [one, since - 1],
      [one, since],
      [one, since + hour - 1],
      [one, since + 2 * hour],
      [other, since + 5],
      [other, since + 2 * hour + 7],
    ] as const;
    const chain = unique().slice(0, 12);
    const head = (sequence: number) => ({ sequence, mac: "", time: since, isEnded: false, seal: "" });
    const sealer = { keyId: undefined, opened: () => "", cut: () => "", forgotten: () => "" };
    await tested.store.openAuditChain(
      { chain, instance: "test", keyId: undefined, openedAt: since },
      head(0),
      sealer,
    );
    const records = happened.map(([name, time], at) => ({
      chain,
      sequence: at + 1,
      time,
      name,
      outcome: "success" as const,
      body: "{}",
      mac: "",
    }));
    const batch = { chain, records, addresses: [], head: head(records.length), isAwaited: true };
    await tested.store.appendAudit(batch);
    const counted = await tested.store.countAudit([one, other, unique()], since);
    const sorted = counted.toSorted((a, b) => a.hour - b.hour || (a.name === one ? -1 : 1));
    assert.deepEqual(sorted, [
      { name: one, hour: since, count: 2 },
      { name: other, hour: since, count: 1 },
      { name: one, hour: since + 2 * hour, count: 1 },
      { name: other, hour: since + 2 * hour, count: 1 },
    ]);
    const latest = await tested.store.findLatestAudit([one, other], since, 3);
    assert.deepEqual(
      latest.map(({ sequence, time }) => [sequence, time]),
      [
        [6, since + 2 * hour + 7],
        [4, since + 2 * hour],
        [3, since + hour - 1],
      ],
    );
    assert.deepEqual(await tested.store.findLatestAudit([one], since + 3 * hour, 3), []);
  });
}
