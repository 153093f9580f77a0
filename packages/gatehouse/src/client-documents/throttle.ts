import RateLimiterMemory from "rate-limiter-flexible/lib/RateLimiterMemory.js";
import RateLimiterRes from "rate-limiter-flexible/lib/RateLimiterRes.js";
import { getDomain } from "tldts";
import { hostOf } from "../oauth/host.ts";
import { DocumentError } from "../oauth/ports.ts";
import { subscriberOf } from "../oauth/subscriber.ts";

/** Fetches of documents of one site, whatever hosts it has, a minute. */
const perMinute = 30;
/**
 * Fetches under way. One that gets no answer takes four seconds, so these say how many such hosts it takes to
 * hold up whom.
 */
const concurrencyLimits = { site: 4, requester: 16, all: 128 };

/** @param requester the address of whoever made us fetch */
export type Throttle = <T>(url: string, requester: string, fetch: () => Promise<T>) => Promise<T>;

/**
 * Bounds the fetches strangers cause (I17): a minute to one site, because this server is no tool to flood
 * somebody with; and at once to one site, for one requester and in all, so that hosts which keep silent hold
 * up those who named them, and nobody else.
 */
export function createThrottle(): Throttle {
  const limiter = new RateLimiterMemory({ points: perMinute, duration: 60 });
  const running = new Map<string, number>();
  return async (url, requester, fetch) => {
    const host = hostOf(url);
    const site = getDomain(host, { allowPrivateDomains: true }) ?? host;
    const limits = [
      [`site ${site}`, concurrencyLimits.site],
      [`requester ${subscriberOf(requester)}`, concurrencyLimits.requester],
      ["all", concurrencyLimits.all],
    ] as const;
    for (const [key, limit] of limits) {
      if ((running.get(key) ?? 0) < limit) continue;
      throw new DocumentError("unavailable", `too many documents are being fetched at once (${key})`);
    }
    for (const [key] of limits) running.set(key, (running.get(key) ?? 0) + 1);
    try {
      await limiter.consume(site).catch((error: unknown) => {
        if (!(error instanceof RateLimiterRes)) throw error;
        throw new DocumentError("unavailable", `${site} was asked for too many documents in a minute`);
      });
      return await fetch();
    } finally {
      for (const [key] of limits) {
        const left = (running.get(key) ?? 1) - 1;
        if (left === 0) running.delete(key);
        else running.set(key, left);
      }
    }
  };
}
