import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { createFailureLimiter } from "../../src/http/failure-limiter.ts";
import { createRateLimits } from "../../src/http/rate-limits.ts";
import { createSharedCounts } from "../../src/http/shared-counts.ts";
import type { BudgetStore } from "../../src/oauth/store/budgets.ts";
import { openPostgresStore } from "../../src/storage/postgres/store.ts";
import { startPostgres } from "../support/postgres.ts";

/* Budgets that several processes count together. */

const noon = 1_800_000_000_000;
const budget = { count: 100, seconds: 60 };

/** Instances that share a store; none tells it anything by the clock, so that a test says when. */
function instances(t: TestContext, store: BudgetStore, skews: readonly number[]) {
  return skews.map((skew) => {
    const shared = createSharedCounts({ store, now: () => noon + skew, everyMs: 5 });
    t.after(() => shared.stop());
    const limits = createRateLimits({ authorize: budget }, { shared });
    const failures = createFailureLimiter({ budget: { count: 20, seconds: 60 }, shared });
    return { limits, failures };
  });
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** @returns how many of the requests, from each of these addresses in turn, were let through */
async function flood(
  all: ReturnType<typeof instances>,
  addresses: readonly string[],
  requests: number,
): Promise<number> {
  let through = 0;
  for (let n = 0; n < requests; n++) {
    const { limits } = all[n % all.length] ?? assert.fail();
    const address = addresses[n % addresses.length] ?? assert.fail();
    if ((await limits("authorize", address)) === 0) through++;
    if (n % 10 === 0) await pause(3);
  }
  return through;
}

test("Z34 budgets against guessing and flooding count together over all instances", async (t) => {
  const postgres = await startPostgres();
  const store = await openPostgresStore({ url: await postgres.createDatabase() });
  t.after(async () => {
    await store.close();
    await postgres.stop();
  });
  const three = instances(t, store, [0, 0, 0]);
  const through = await flood(three, ["203.0.113.7"], 600);
  assert.ok(through >= budget.count && through <= budget.count * 1.1, `${through}`);
  const [one, other] = three;
  assert.equal(await one?.limits("authorize", "203.0.113.8"), 0, "others are served");
  for (let guess = 0; guess < 20; guess++) one?.failures.failed("203.0.113.7", "a client");
  const until = Date.now() + 10_000;
  while (other?.failures.wait("203.0.113.7", "a client") === 0 && Date.now() < until) {
    // Once it guesses there as well, that instance hears of what was guessed elsewhere.
    other.failures.failed("203.0.113.7", "a client");
    await pause(10);
  }
  const guesses = [one, other].map((each) => each?.failures.wait("203.0.113.7", "a client"));
  assert.ok(guesses.every((wait) => Number(wait) > 0));
});

test("Z-n22 a budget is not evaded by addresses of one network, by instances in turn, by a clock that is behind, or for long by an outage", async (t) => {
  const postgres = await startPostgres();
  const store = await openPostgresStore({ url: await postgres.createDatabase() });
  t.after(async () => {
    await store.close();
    await postgres.stop();
  });
  const rotating = Array.from({ length: 50 }, (_, n) => `2001:db8:0:1::${n}`);
  const skewed = instances(t, store, [0, -300_000, 0]);
  const through = await flood(skewed, rotating, 600);
  assert.ok(through >= budget.count * 0.5 && through <= budget.count * 1.1, `${through}`);
  assert.equal(await skewed[1]?.limits("authorize", "203.0.113.9"), 0, "others are served");

  let isAway = true;
  const away: BudgetStore = {
    useBudgets: (uses) => (isAway ? Promise.reject(new Error("away")) : store.useBudgets(uses)),
  };
  const alone = instances(t, away, [60_000, 60_000]);
  const meanwhile = await flood(alone, ["203.0.113.7"], 600);
  assert.ok(meanwhile >= budget.count && meanwhile <= 2 * budget.count, `each alone: ${meanwhile}`);
  isAway = false;
  await pause(30);
  const [last] = instances(t, away, [60_000]);
  assert.equal(await last?.limits("authorize", "203.0.113.7"), 0, "an instance that knows nothing");
  let wait = 0;
  for (let calls = 1; calls < 20 && wait === 0; calls++) {
    await pause(100);
    wait = Number(await last?.limits("authorize", "203.0.113.7"));
  }
  assert.ok(wait > 0, "and hears what was used meanwhile");
});

test("of many at once exactly as many are let through as one instance may, and those who are refused take nobody's place", async (t) => {
  const counts = new Map<string, number>();
  const slow: BudgetStore = {
    useBudgets: async (uses) => {
      await pause(2);
      return uses.map(({ key, count }) => {
        counts.set(key, (counts.get(key) ?? 0) + count);
        return counts.get(key) ?? 0;
      });
    },
  };
  const [one] = instances(t, slow, [0]);
  const waits = await Promise.all(Array.from({ length: 150 }, () => one?.limits("authorize", "203.0.113.7")));
  assert.equal(waits.filter((wait) => wait === 0).length, budget.count);
});

test("whoever is told of once is not told of again, and no address stands in the database", async (t) => {
  const told: string[] = [];
  const store: BudgetStore = {
    useBudgets: async (uses) => {
      for (const { key, count } of uses) told.push(`${key} ${count}`);
      return uses.map(({ count }) => count);
    },
  };
  const [one] = instances(t, store, [0]);
  await one?.limits("authorize", "203.0.113.7");
  await one?.limits("authorize", "203.0.113.7");
  await pause(50);
  assert.equal(told.length, 1);
  assert.match(told[0] ?? "", /^authorize [\w-]{22} 2$/);
  await pause(50);
  assert.equal(told.length, 1);
});

test("a crowd of addresses does not have what an address did here counted twice, and so keep it out", async () => {
  const totals = new Map<string, number>();
  const store: BudgetStore = {
    async useBudgets(uses) {
      return uses.map(({ key, count }) => {
        const total = (totals.get(key) ?? 0) + count;
        totals.set(key, total);
        return total;
      });
    },
  };
  const shared = createSharedCounts({ store, now: () => noon, everyMs: 3_600_000 });
  try {
    let others = 0;
    const use = async (address: string, times: number) => {
      for (let n = 0; n < times; n++) {
        shared.note({ name: "token", ...budget }, address, (count) => {
          if (address === "203.0.113.7") others += count;
        });
      }
      await shared.settle({ name: "token", ...budget }, address);
    };
    await use("203.0.113.7", 40);
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 21_000; n += 1000) {
        for (let m = n; m < n + 1000; m++)
          shared.note({ name: "authorize", ...budget }, `crowd ${m}`, () => {});
        await use(`crowd ${n}`, 1);
      }
      await use("203.0.113.7", 1);
    }
    assert.equal(others, 0, "nobody else asked as that address");
  } finally {
    shared.stop();
  }
});
