import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { getDomain } from "tldts";
import { DocumentError } from "../oauth/ports.ts";

const perMinute = 30;
const atOnce = 20;

/**
 * Lets at most 30 fetches a minute through to one site, whatever hosts it has, and 20 at once to all (I17): this server is no tool to flood somebody with.
 */
export function createThrottle(): <T>(url: string, fetch: () => Promise<T>) => Promise<T> {
  const limiter = new RateLimiterMemory({ points: perMinute, duration: 60 });
  let running = 0;
  return async (url, fetch) => {
    const { hostname } = new URL(url);
    const site = getDomain(hostname, { allowPrivateDomains: true }) ?? hostname;
    if (running >= atOnce) throw new DocumentError("unavailable", "too many documents are being fetched");
    running++;
    try {
      await limiter.consume(site).catch((error: unknown) => {
        if (!(error instanceof RateLimiterRes)) throw error;
        throw new DocumentError("unavailable", `${site} was asked for too many documents in a minute`);
      });
      return await fetch();
    } finally {
      running--;
    }
  };
}
