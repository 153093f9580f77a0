import assert from "node:assert/strict";
import { test } from "node:test";
import type { Client } from "../../src/oauth/records.ts";
import { type Seconds, seconds } from "../../src/oauth/values.ts";
import {
  aClient,
  aGrant,
  aHash,
  anAuthorization,
  aToken,
  aTransaction,
  later,
  now,
  times,
  unique,
} from "./records.ts";
import type { StoreUnderTest } from "./store-under-test.ts";

const hour = seconds(3600);
const day = 86_400;
const ago = (by: number): Seconds => seconds(now - by);

/** What a store promises about registrations that nobody used. */
export function registrationsContract(tested: StoreUnderTest): void {
  const register = async (from: string, count: number, createdAt: Seconds): Promise<Client[]> => {
    const clients = times(count, () => aClient({ createdAt }));
    await Promise.all(clients.map((client) => tested.store.addClient(client, from)));
    return clients;
  };
  const makeRoom = (from: string, over: { perAddress?: number; inAll?: number; at?: Seconds } = {}) => {
    const { perAddress, inAll = 1_000_000, at = now } = over;
    return tested.store.makeRoom({ from, now: at, perAddress, inAll, settled: hour });
  };
  const left = async (clients: readonly Client[]): Promise<number> => {
    const found = await Promise.all(clients.map(({ id }) => tested.store.findClient(id)));
    return found.filter((client) => client !== undefined).length;
  };
  /** A person is at the sign-in for it. */
  const begin = async (client: Client) => {
    const transaction = aTransaction(anAuthorization(client));
    await tested.store.beginTransaction(transaction);
    return transaction;
  };
  const redeem = async (client: Client) => {
    const { handleHash, authorization } = await begin(client);
    const subject = `user_${unique()}` as ReturnType<typeof aGrant>["subject"];
    const code = {
      codeHash: aHash(),
      authorization,
      subject,
      email: "a@b.example",
      authTime: now,
      createdAt: now,
      expiresAt: later(60),
    };
    assert.equal(await tested.store.completeTransaction(handleHash, now, { code }), true);
    const grant = aGrant(code);
    return () => tested.store.redeemCode(code.codeHash, now, grant, aToken(grant));
  };

  test("of an address the oldest registrations that nobody used make room, and no others", async () => {
    const [crowd, neighbour] = [unique(), unique()];
    const oldest = await register(crowd, 3, ago(3 * day));
    const newer = await register(crowd, 3, ago(2 * day));
    const others = await register(neighbour, 3, ago(4 * day));
    assert.equal(await makeRoom(crowd, { perAddress: 7 }), true);
    assert.equal(await left(oldest), 3, "there was room");
    assert.equal(await makeRoom(crowd, { perAddress: 5 }), true);
    assert.equal(await left(oldest), 1, "and now there is room for one more");
    assert.equal(await left(newer), 3);
    assert.equal(await left(others), 3);
    assert.equal(await makeRoom(crowd), true, "who is not limited always has room");
  });

  test("neighbours cannot push out a registration that is young, or that somebody is signing in to", async () => {
    const from = unique();
    const [old, busy] = [await register(from, 2, ago(hour)), await register(from, 1, ago(day))];
    await begin(busy[0] as Client);
    const young = await register(from, 3, ago(hour - 1));
    assert.equal(await makeRoom(from, { perAddress: 4 }), false, "the young alone are too many");
    assert.equal(await left(old), 0);
    assert.equal(await left([...busy, ...young]), 4);
    assert.equal(await makeRoom(from, { perAddress: 4, at: later(1) }), true, "an hour later they are not");
    assert.equal(await left(busy), 1);
    assert.equal(await left(young), 2);
  });

  test("of everybody's the surplus goes, first of those with most", async () => {
    await makeRoom(unique(), { inAll: 0 }); // what other tests left
    const honest = await register(unique(), 2, ago(5 * day));
    const crowd = await register(unique(), 20, now);
    await makeRoom(unique(), { inAll: 22 });
    assert.equal(await left([...honest, ...crowd]), 22, "no surplus");
    await makeRoom(unique(), { inAll: 9 });
    assert.equal(await left(honest), 2, "though they are the oldest");
    assert.equal(await left(crowd), 7);
    await makeRoom(unique(), { inAll: 3 });
    assert.equal(await left([...honest, ...crowd]), 3);
    assert.ok((await left(honest)) > 0);
  });

  test("what was redeemed or is vouched for counts no more, and one that was registered again counts once", async () => {
    const from = unique();
    const [used, vouched] = (await register(from, 2, ago(3 * day))) as [Client, Client];
    assert.equal(await (await redeem(used))(), "redeemed");
    await tested.store.vouchForClient(vouched.id, true);
    const shared = aClient({ createdAt: ago(day) });
    await tested.store.shareClient(shared, from);
    await Promise.all(times(5, () => tested.store.shareClient({ ...shared, createdAt: now }, unique())));
    assert.equal(await makeRoom(from, { perAddress: 2 }), true);
    assert.equal(await left([used, vouched, shared]), 3);
    assert.equal(await makeRoom(from, { perAddress: 1 }), false, "it was registered just now");
    await makeRoom(from, { perAddress: 0, inAll: 0 });
    assert.equal(await left([used, vouched, shared]), 2);
  });

  test("a registration that nobody used is swept after its own time, one that was used is not", async () => {
    const from = unique();
    const [dead, again, busy, used] = (await register(from, 4, ago(7 * day))) as [
      Client,
      Client,
      Client,
      Client,
    ];
    const alive = await register(from, 1, seconds(now - 7 * day + 1));
    await tested.store.shareClient({ ...again, createdAt: ago(day) }, unique());
    await begin(busy);
    assert.equal(await (await redeem(used))(), "redeemed");
    const unregistered = aClient({ createdAt: ago(8 * day) });
    await tested.store.addClient(unregistered);
    const swept = await tested.store.sweep(now, 1000, seconds(90 * day), seconds(7 * day));
    assert.ok(swept.unusedClients >= 1);
    assert.equal(await left([dead]), 0);
    assert.equal(await left([again, busy, used, unregistered, ...alive]), 5);
    const ended = later(600 + 900); // the attempt's note is gone as well
    await tested.store.sweep(ended, 1000, seconds(90 * day), seconds(7 * day));
    await tested.store.sweep(ended, 1000, seconds(90 * day), seconds(7 * day));
    assert.equal(await left([busy, ...alive]), 0);
    assert.equal(await left([again, used, unregistered]), 3);
  });

  test("a registration that nobody used goes with idle clients where its own time is longer", async () => {
    const dead = await register(unique(), 1, ago(8 * day));
    const alive = await register(unique(), 1, ago(6 * day));
    await tested.store.sweep(now, 1000, seconds(7 * day), seconds(90 * day));
    assert.equal(await left(dead), 0);
    assert.equal(await left(alive), 1);
  });

  test("a registration that is used at the moment it would go either goes with its code or stays", async () => {
    const from = unique();
    const clients = await register(from, 20, ago(8 * day));
    const redemptions = await Promise.all(clients.map(redeem));
    const redeemed = Promise.all(redemptions.map((run) => run()));
    const removed = Promise.all([
      ...times(3, () => makeRoom(from, { perAddress: 1 })),
      tested.store.sweep(now, 1000, seconds(90 * day), seconds(7 * day)),
    ]);
    const [outcomes] = await Promise.all([redeemed, removed]);
    for (const [at, client] of clients.entries()) {
      const there = (await tested.store.findClient(client.id)) !== undefined;
      assert.equal(there, outcomes[at] === "redeemed", String(outcomes[at]));
    }
  });
}
