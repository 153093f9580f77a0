import RateLimiterMemory from "rate-limiter-flexible/lib/RateLimiterMemory.js";
import RateLimiterRes from "rate-limiter-flexible/lib/RateLimiterRes.js";
import type { Budget, Budgets } from "../oauth/budgets.ts";
import { subscriberOf } from "../oauth/subscriber.ts";
import { type LimitName, limitNames } from "./route.ts";
import type { SharedCounts } from "./shared-counts.ts";

/** Seconds to wait, or 0 when the request may go on. */
export type RateLimits = (limit: LimitName, address: string) => Promise<number>;

/** S08. @param budgets by name; one that is left out is not limited */
export function createRateLimits(budgets: Partial<Budgets>, bounds: Bounds = {}): RateLimits {
  const counters = new Map(
    limitNames.flatMap((name) => {
      const budget = budgets[name];
      return budget === undefined ? [] : [[name, createCounter(name, budget, bounds)] as const];
    }),
  );
  return async (limit, address) => counters.get(limit)?.count(subscriberOf(address)) ?? 0;
}

interface Bounds {
  /** How many new keys are counted in the time of a budget. */
  readonly maxKeys?: number;
  /** Milliseconds since 1970; says when that time is over. */
  readonly now?: () => number;
  /** Counts together with other processes. */
  readonly shared?: SharedCounts | undefined;
}

interface Counter {
  /** Counts one; returns the seconds to wait when that was too many, else 0. */
  count(key: string): Promise<number>;
}

/**
 * Counts per key for a while from its first. Memory is bounded: when a while brings more new keys than
 * `maxKeys`, the surplus goes uncounted, because whoever has that many addresses was not held back by a
 * budget for each anyway, and a crowd of real people must not be.
 */
function createCounter(
  name: LimitName,
  budget: Budget,
  { maxKeys = 20_000, now = Date.now, shared }: Bounds,
): Counter {
  const limiter = new RateLimiterMemory({ points: budget.count, duration: budget.seconds });
  const together = { name, ...budget };
  let current = 0;
  let newKeys = 0;
  /** Of each key in this while, how many were counted at others. */
  let elsewhere = new Map<string, number>();
  return {
    async count(key) {
      const period = Math.floor(now() / (budget.seconds * 1000));
      if (period !== current) {
        current = period;
        newKeys = 0;
        elsewhere = new Map();
      }
      if (newKeys >= maxKeys && (await limiter.get(key)) === null) return 0;
      // What is refused here counts for nobody, so that it does not make them wait for longer.
      const heard = (others: number) => {
        elsewhere.set(key, (elsewhere.get(key) ?? 0) + others);
        void limiter.penalty(key, others);
      };
      try {
        const { isFirstInDuration, consumedPoints } = await limiter.consume(key);
        if (isFirstInDuration) newKeys++;
        if (shared === undefined) return 0;
        if (!shared.note(together, key, heard)) return 0;
        const before = elsewhere.get(key) ?? 0;
        await shared.settle(together, key);
        // Whoever came here after this one does not count against it.
        const place = consumedPoints + Math.max(0, (elsewhere.get(key) ?? 0) - before);
        const state = place > budget.count ? await limiter.get(key) : null;
        return state === null ? 0 : secondsLeft(state);
      } catch (exceeded) {
        if (exceeded instanceof RateLimiterRes) return secondsLeft(exceeded);
        throw exceeded;
      }
    },
  };
}

function secondsLeft(state: RateLimiterRes): number {
  return Math.max(1, Math.ceil(state.msBeforeNext / 1000));
}
