import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { startHousekeeping, sweepAll } from "../src/housekeeping.ts";
import type { Swept } from "../src/oauth/store/upkeep.ts";
import { type Store, StoreUnavailableError } from "../src/oauth/store.ts";
import { hashSecret } from "../src/oauth/tokens/secret.ts";
import { type ClientId, seconds } from "../src/oauth/values.ts";
import { openSqliteStore } from "../src/storage/sqlite/store.ts";

const now = seconds(1_800_000_000);
const clock = { now: () => now };
const clientIdle = seconds(90 * 86_400);
const clientUnused = seconds(7 * 86_400);
const nothing: Swept = {
  accessTokens: 0,
  grants: 0,
  sessions: 0,
  transactions: 0,
  assertions: 0,
  invitations: 0,
  ceremonies: 0,
  budgets: 0,
  codes: 0,
  clients: 0,
  unusedClients: 0,
  credentials: 0,
};

async function aStoreWithDeadTransactions(count: number): Promise<Store> {
  const store = await openSqliteStore({ path: ":memory:" });
  const id = "client" as ClientId;
  await store.addClient({
    id,
    authMethod: "none",
    secretHash: undefined,
    clearSecret: undefined,
    keys: undefined,
    redirectUris: [],
    grantTypes: [],
    scope: undefined,
    metadata: {},
    dynamicallyRegistered: false,
    shared: false,
    createdAt: now,
    lastUsedAt: undefined,
  });
  const authorization = {
    clientId: id,
    redirectUri: "https://h/",
    state: undefined,
    codeChallenge: undefined,
    scope: "",
    resource: undefined,
  };
  await Promise.all(
    Array.from({ length: count }, (_, at) => {
      const handleHash = hashSecret(`transaction ${at}`);
      return store.beginTransaction({
        handleHash,
        bindingHash: handleHash,
        authorization,
        signedIn: undefined,
        expiresAt: seconds(now - 900),
      });
    }),
  );
  return store;
}

test("a round goes on, batch after batch, until nothing dead is left", async () => {
  const store = await aStoreWithDeadTransactions(1234);
  const limits: number[] = [];
  const watched: Store = {
    ...store,
    sweep(at, limit, ...idle) {
      limits.push(limit);
      return store.sweep(at, limit, ...idle);
    },
  };
  assert.deepEqual(await sweepAll({ store: watched, clock, clientIdle, clientUnused }), {
    ...nothing,
    transactions: 1234,
  });
  assert.ok(limits.length >= 3 && limits.every((limit) => limit <= 500), "in small batches");
  assert.deepEqual(await sweepAll({ store, clock, clientIdle, clientUnused }), nothing);
  await store.close();
});

for (const [what, failure] of [
  ["a store that is down", new StoreUnavailableError("down")],
  ["a defect", new TypeError("cannot read properties of undefined")],
] as const) {
  test(`housekeeping runs by itself, survives ${what}, and stops when told`, (t) => survives(t, failure));
}

async function survives(t: TestContext, failure: Error): Promise<void> {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const store = await aStoreWithDeadTransactions(3);
  let isDown = true;
  const rounds: string[] = [];
  let told = () => {};
  const round = () =>
    new Promise<void>((resolve) => {
      told = resolve;
    });
  const housekeeping = startHousekeeping({
    store: {
      ...store,
      sweep: (...args) => (isDown ? Promise.reject(failure) : store.sweep(...args)),
    },
    clock,
    clientIdle,
    clientUnused,
    onRound: ({ swept, error }) => {
      rounds.push(error === undefined ? `swept ${swept?.transactions}` : "failed");
      told();
    },
  });
  let done = round();
  t.mock.timers.tick(30_000);
  await done;
  isDown = false;
  done = round();
  t.mock.timers.tick(15 * 60_000);
  await done;
  await housekeeping.stop();
  t.mock.timers.tick(60 * 60_000);
  assert.deepEqual(rounds, ["failed", "swept 3"]);
  await store.close();
}

test("once what has died is gone, what else has bounds is held within them, and each failure is told", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const store = await aStoreWithDeadTransactions(1);
  const order: string[] = [];
  const ended = new Promise<unknown>((resolve) => {
    const housekeeping = startHousekeeping({
      store: {
        ...store,
        sweep(...args) {
          order.push("sweep");
          return store.sweep(...args);
        },
      },
      clock,
      clientIdle,
      clientUnused,
      trims: [
        async () => void order.push("first"),
        async () => {
          order.push("second");
          throw new StoreUnavailableError("down");
        },
        async () => void order.push("third"),
      ],
      onRound: ({ error }) => void housekeeping.stop().then(() => resolve(error)),
    });
  });
  t.mock.timers.tick(30_000);
  assert.ok((await ended) instanceof StoreUnavailableError);
  assert.deepEqual(order, ["sweep", "first", "second"]);
  await store.close();
});
