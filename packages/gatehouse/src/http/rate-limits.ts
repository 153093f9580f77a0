import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import type { FailureLimiter, GuessedBy } from "../oauth/ports.ts";
import { limitKey } from "./client-address.ts";
import type { LimitName } from "./route.ts";

/**
 * Requests a minute from one address, an IPv6 /64 counting as one. Generous, because hosted clients share few addresses; introspection has none: an
 * MCP server asks on every call, and only failures count there.
 */
const perMinute: Record<LimitName, number> = {
  authorize: 600,
  token: 1200,
  register: 300,
  revoke: 600,
  "sign-in": 300,
};

/** Seconds to wait, or 0 when the request may go on. */
export type RateLimits = (limit: LimitName, address: string) => Promise<number>;

/** S08. @param budgets requests a minute, in place of the defaults */
export function createRateLimits(budgets: Partial<Record<LimitName, number>> = {}): RateLimits {
  const limiters = new Map<string, RateLimiterMemory>(
    Object.entries({ ...perMinute, ...budgets }).map(([name, points]) => [
      name,
      new RateLimiterMemory({ keyPrefix: name, points, duration: 60 }),
    ]),
  );
  return async (limit, address) => {
    const limiter = limiters.get(limit);
    return limiter === undefined ? 0 : consume(limiter, limitKey(address));
  };
}

/** Failed secrets a minute. Many clients may share an address, so an address has more. */
const failuresPerMinute: Record<GuessedBy, number> = { client: 20, address: 200 };

/** Counts failed secrets (E16); who has used up the minute's failures waits for the next. @param enabled false: nobody ever waits */
export function createFailureLimiter(enabled = true): FailureLimiter {
  if (!enabled) return { blocked: async () => 0, failed: async () => {} };
  const limiters = {
    client: new RateLimiterMemory({ points: failuresPerMinute.client, duration: 60 }),
    address: new RateLimiterMemory({ points: failuresPerMinute.address, duration: 60 }),
  };
  return {
    async blocked(by, key) {
      const state = await limiters[by].get(key);
      return state === null || state.consumedPoints < failuresPerMinute[by] ? 0 : secondsLeft(state);
    },
    async failed(by, key) {
      await consume(limiters[by], key);
    },
  };
}

async function consume(limiter: RateLimiterAbstract, key: string): Promise<number> {
  try {
    await limiter.consume(key);
    return 0;
  } catch (exceeded) {
    if (exceeded instanceof RateLimiterRes) return secondsLeft(exceeded);
    throw exceeded;
  }
}

function secondsLeft(state: RateLimiterRes): number {
  return Math.max(1, Math.ceil(state.msBeforeNext / 1000));
}
