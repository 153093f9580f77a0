import { randomBytes } from "node:crypto";
import type { Clock, Random } from "../oauth/ports.ts";
import { seconds } from "../oauth/values.ts";

export const systemClock: Clock = { now: () => seconds(Date.now() / 1000) };
/**
 * The generator is asked for many at once: that costs hardly more than asking for a few. No byte is given
 * twice.
 */
export const systemRandom: Random = {
  bytes(count) {
    if (pool.length < count) pool = randomBytes(Math.max(4096, count));
    const bytes = Buffer.from(pool.subarray(0, count));
    pool = pool.subarray(count);
    return bytes;
  },
};
let pool = Buffer.alloc(0);
