import { singleFlight } from "../../caching/single-flight.ts";
import type { Clock } from "../../oauth/ports.ts";
import { type Seconds, seconds } from "../../oauth/values.ts";

/** A document of the identity provider, cached between uses. */
export interface FetchedDocument<T> {
  /**
   * As fetched at most `maxAge` ago; older only while fetching it fails. Rejects only when it was never had.
   */
  current(): Promise<T>;
  /** The same for whoever only looks: that it fails keeps nobody from trying at once. */
  lookedAt(): Promise<T>;
  /**
   * Fetched anew, because the one at hand lacks something; at most once per cool-down, in between the one at
   * hand is given (C16).
   */
  renewed(): Promise<T>;
  /** From when on `renewed` fetches it again, seconds since 1970. */
  renewableAt(): Seconds;
}

interface Options<T> {
  readonly fetch: () => Promise<T>;
  readonly clock: Clock;
  /** Seconds after which it is fetched again. */
  readonly maxAge: number;
  /** Seconds between two attempts after a failure, and between two renewals. */
  readonly coolDown: number;
  /** Told when fetching fails and the old document serves on. */
  readonly onStale: (error: unknown) => void;
}

/**
 * Callers at the same time share one fetch. A failure is remembered for the cool-down only, so that an outage
 * is not hammered.
 */
export function createFetchedDocument<T>(options: Options<T>): FetchedDocument<T> {
  const { fetch, clock, maxAge, coolDown, onStale } = options;
  let cached: { readonly document: T; readonly at: Seconds } | undefined;
  let failed: { readonly error: unknown; readonly at: Seconds } | undefined;
  let renewedAt: Seconds | undefined;
  const load = singleFlight((_key: "document") => fetch().then(succeed, fail));

  function succeed(document: T): T {
    cached = { document, at: clock.now() };
    failed = undefined;
    return document;
  }

  function fail(error: unknown): T {
    failed = { error, at: clock.now() };
    if (cached === undefined) throw error;
    onStale(error);
    return cached.document;
  }

  const isWithin = (length: number, instant: Seconds) => clock.now() - instant < length;

  return {
    async lookedAt() {
      if (cached !== undefined && isWithin(maxAge, cached.at)) return cached.document;
      return load("document").catch((error: unknown) => {
        failed = undefined;
        throw error;
      });
    },
    async current() {
      if (cached !== undefined && isWithin(maxAge, cached.at)) return cached.document;
      if (failed === undefined || !isWithin(coolDown, failed.at)) return load("document");
      if (cached === undefined) throw failed.error;
      return cached.document;
    },
    renewableAt: () => (renewedAt === undefined ? clock.now() : seconds(renewedAt + coolDown)),
    async renewed() {
      const running = load.running("document");
      if (running !== undefined) return running;
      if (cached !== undefined && renewedAt !== undefined && isWithin(coolDown, renewedAt))
        return cached.document;
      renewedAt = clock.now();
      return load("document");
    },
  };
}
