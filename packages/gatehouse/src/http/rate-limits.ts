import RateLimiterMemory from "rate-limiter-flexible/lib/RateLimiterMemory.js";
import RateLimiterRes from "rate-limiter-flexible/lib/RateLimiterRes.js";
import { subscriberOf } from "../oauth/subscriber.ts";
import type { LimitName } from "./route.ts";

/** Requests a minute from one address, an IPv6 /64 counting as one. */
export type Budgets = Partial<Record<LimitName, number>>;

/**
 * Generous, because hosted clients share few addresses; introspection has none: an MCP server asks on every
 * call, and only failures count there.
 */
export const perMinute: Record<LimitName, number> = {
  authorize: 600,
  token: 1200,
  register: 300,
  revoke: 600,
  "sign-in": 300,
};

/** Seconds to wait, or 0 when the request may go on. */
export type RateLimits = (limit: LimitName, address: string) => Promise<number>;

/** S08. @param budgets in place of the defaults */
export function createRateLimits(budgets: Budgets = {}, bounds: Bounds = {}): RateLimits {
  const counters = new Map(
    Object.entries({ ...perMinute, ...budgets }).map(([name, points]) => [
      name,
      createCounter(points, bounds),
    ]),
  );
  return async (limit, address) => counters.get(limit)?.count(subscriberOf(address)) ?? 0;
}

interface Bounds {
  /** How many new keys a minute are counted. */
  readonly maxKeys?: number;
  /** Milliseconds since 1970; says when a minute is over. */
  readonly now?: () => number;
}

interface Counter {
  /** Counts one; returns the seconds to wait when that was too many, else 0. */
  count(key: string): Promise<number>;
}

/**
 * Counts per key for a minute from its first. Memory is bounded: when a minute brings more new keys than
 * `maxKeys`, the surplus goes uncounted, because whoever has that many addresses was not held back by a
 * budget for each anyway, and a crowd of real people must not be.
 */
function createCounter(points: number, { maxKeys = 20_000, now = Date.now }: Bounds = {}): Counter {
  const limiter = new RateLimiterMemory({ points, duration: 60 });
  let minute = 0;
  let newKeys = 0;
  return {
    async count(key) {
      const current = Math.floor(now() / 60_000);
      if (current !== minute) {
        minute = current;
        newKeys = 0;
      }
      if (newKeys >= maxKeys && (await limiter.get(key)) === null) return 0;
      try {
        const { isFirstInDuration } = await limiter.consume(key);
        if (isFirstInDuration) newKeys++;
        return 0;
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
