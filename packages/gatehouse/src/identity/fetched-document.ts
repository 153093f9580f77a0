import type { Clock } from "../oauth/ports.ts";
import type { Seconds } from "../oauth/values.ts";

/** A document of the identity provider, kept between uses. */
export interface FetchedDocument<T> {
  /** As fetched at most `maxAge` ago; older only while fetching it fails. Rejects only when it was never had. */
  current(): Promise<T>;
  /**
   * Fetched anew, because the one at hand lacks something; at most once per cool-down, in between the one at hand is given (C16).
   */
  renewed(): Promise<T>;
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

/** Callers at the same time share one fetch. A failure is remembered for the cool-down only, so that an outage is not hammered. */
export function keepFetched<T>({ fetch, clock, maxAge, coolDown, onStale }: Options<T>): FetchedDocument<T> {
  let kept: { readonly document: T; readonly at: Seconds } | undefined;
  let failed: { readonly error: unknown; readonly at: Seconds } | undefined;
  let renewedAt: Seconds | undefined;
  let pending: Promise<T> | undefined;

  function load(): Promise<T> {
    pending ??= fetch()
      .then(succeed, fail)
      .finally(() => {
        pending = undefined;
      });
    return pending;
  }

  function succeed(document: T): T {
    kept = { document, at: clock.now() };
    failed = undefined;
    return document;
  }

  function fail(error: unknown): T {
    failed = { error, at: clock.now() };
    if (kept === undefined) throw error;
    onStale(error);
    return kept.document;
  }

  const isWithin = (length: number, instant: Seconds) => clock.now() - instant < length;

  return {
    async current() {
      if (kept !== undefined && isWithin(maxAge, kept.at)) return kept.document;
      if (failed === undefined || !isWithin(coolDown, failed.at)) return load();
      if (kept === undefined) throw failed.error;
      return kept.document;
    },
    async renewed() {
      if (pending !== undefined) return pending;
      if (kept !== undefined && renewedAt !== undefined && isWithin(coolDown, renewedAt))
        return kept.document;
      renewedAt = clock.now();
      return load();
    },
  };
}
