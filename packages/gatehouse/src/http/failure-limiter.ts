import type { FailureLimiter } from "../oauth/ports.ts";
import { subscriberOf } from "../oauth/subscriber.ts";

/** Wrong guesses a minute: at one target from one address, and from one address at whatever. */
const perTarget = 20;
const perAddress = 200;
const minute = 60_000;

interface Options {
  /** False: nobody ever waits. */
  readonly enabled?: boolean;
  /** Milliseconds of a clock that is never set back. */
  readonly now?: () => number;
}

/**
 * Counts wrong guesses (E16); who has used up the minute's waits for the next. Of an IPv6 address the whole
 * /64 counts as one. Answers at once, not by promise: introspection asks on every call.
 */
export function createFailureLimiter({
  enabled = true,
  now = () => performance.now(),
}: Options = {}): FailureLimiter {
  if (!enabled) return { wait: () => 0, failed: () => 0 };
  const targets = createCounter(now);
  const addresses = createCounter(now);
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
  /** Seconds until the key's minute ends, when more than so many were counted in it; else 0. */
  secondsWhenOver(allowed: number, key: string): number;
}

/** Counts per key for a minute from its first. */
function createCounter(now: () => number): Counter {
  // In the order in which their minutes end.
  const counted = new Map<string, { times: number; readonly end: number }>();
  const live = (key: string) => {
    const found = counted.get(key);
    return found !== undefined && found.end > now() ? found : undefined;
  };
  return {
    isEmpty: () => counted.size === 0,
    count(key) {
      const found = live(key);
      if (found !== undefined) found.times++;
      else {
        for (const [old, { end }] of counted) {
          if (end > now()) break;
          counted.delete(old);
        }
        if (counted.size < maxKeys) counted.set(key, { times: 1, end: now() + minute });
      }
    },
    secondsWhenOver(allowed, key) {
      const found = live(key);
      return found === undefined || found.times <= allowed ? 0 : Math.ceil((found.end - now()) / 1000);
    },
  };
}
