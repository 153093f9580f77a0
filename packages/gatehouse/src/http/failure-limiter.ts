import type { Budget } from "../oauth/budgets.ts";
import type { FailureLimiter } from "../oauth/ports.ts";
import { subscriberOf } from "../oauth/subscriber.ts";
import type { SharedBudget, SharedCounts } from "./shared-counts.ts";

/** So many times as often as at one target may one address guess wrong at whatever. */
const targetsAnAddress = 10;

interface Options {
  /** Wrong guesses at one target from one address; undefined: nobody ever waits. */
  readonly budget: Budget | undefined;
  /** Counts together with other processes. */
  readonly shared?: SharedCounts | undefined;
  /** Milliseconds of a clock that is never set back. */
  readonly now?: () => number;
}

/**
 * Counts wrong guesses (E16); who has used up a budget waits until its time is over. Of an IPv6 address the
 * whole /64 counts as one. Answers at once, not by promise: introspection asks on every call.
 */
export function createFailureLimiter({
  budget,
  shared,
  now = () => performance.now(),
}: Options): FailureLimiter {
  if (budget === undefined) return { wait: () => 0, failed: () => 0 };
  const perTarget = budget.count;
  const perAddress = budget.count * targetsAnAddress;
  const targets = createCounter({ name: "guesses", ...budget }, now, shared);
  const addresses = createCounter(
    { name: "guesses of an address", ...budget, count: perAddress },
    now,
    shared,
  );
  return {
    wait: (address, target) =>
      targets.isEmpty() ? 0 : targets.secondsWhenOver(perTarget - 1, `${subscriberOf(address)} ${target}`),
    failed(address, target) {
      const network = subscriberOf(address);
      addresses.count(network);
      if (target !== undefined) targets.count(`${network} ${target}`);
      return Math.max(
        addresses.secondsWhenOver(perAddress, network),
        target === undefined ? 0 : targets.secondsWhenOver(perTarget, `${network} ${target}`),
      );
    },
  };
}

/**
 * As many keys as are counted at once; more go uncounted, since who has that many addresses is not held back
 * by a budget for each.
 */
const maxKeys = 20_000;

interface Counter {
  isEmpty(): boolean;
  count(key: string): void;
  /** Seconds until the key's time ends, when more than so many were counted in it; else 0. */
  secondsWhenOver(allowed: number, key: string): number;
}

/** Counts per key for a while from its first, here and at other processes. */
function createCounter(budget: SharedBudget, now: () => number, shared: SharedCounts | undefined): Counter {
  // In the order in which their times end.
  const counted = new Map<string, { times: number; readonly end: number }>();
  const live = (key: string) => {
    const found = counted.get(key);
    return found !== undefined && found.end > now() ? found : undefined;
  };
  function add(key: string, times: number): void {
    const found = live(key);
    if (found !== undefined) found.times += times;
    else {
      for (const [old, { end }] of counted) {
        if (end > now()) break;
        counted.delete(old);
      }
      if (counted.size < maxKeys) counted.set(key, { times, end: now() + budget.seconds * 1000 });
    }
  }
  return {
    isEmpty: () => counted.size === 0,
    count(key) {
      add(key, 1);
      shared?.note(budget, key, (others) => add(key, others)); // nobody waits here
    },
    secondsWhenOver(allowed, key) {
      const found = live(key);
      return found === undefined || found.times <= allowed ? 0 : Math.ceil((found.end - now()) / 1000);
    },
  };
}
