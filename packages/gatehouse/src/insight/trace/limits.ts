import type { TraceLimits, TraceStore } from "../../oauth/store/traces.ts";

/** How long traces are kept, milliseconds, and how many bytes of them. */
export interface TraceRetention {
  readonly ageMs: number;
  readonly bytes: number;
}

/** Attempts that a removal takes at once: nobody waits for it long. */
const batch = 500;
/** Of the bytes that may be kept, how much is made room for: what comes until the next time fits. */
const headroom = 0.9;

/** A fifth is for attempts that never got past sign-in: strangers push out only each other (Z07). */
export function limitsAt(now: number, { ageMs, bytes }: TraceRetention): TraceLimits {
  const otherBytes = Math.floor((bytes * headroom) / 5);
  return { before: now - ageMs, otherBytes, signedInBytes: Math.floor(bytes * headroom) - otherBytes };
}

/** Removes what is beyond the limits, batch after batch, and lets others have the store in between. */
export async function trimTraces(
  store: Pick<TraceStore, "trimTraces">,
  limits: TraceLimits,
  signal?: AbortSignal,
): Promise<number> {
  let gone = 0;
  for (;;) {
    const some = await store.trimTraces(limits, batch);
    gone += some;
    if (some < batch || signal?.aborted) return gone; // what came meanwhile is for the next time
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/**
 * Has room made whenever a hundredth of what may be kept was written since the last time, so that a flood
 * between two rounds of housekeeping stays within the bounds too.
 * @param trim never throws
 */
export function trimmingAsItGrows(bytes: number, trim: () => Promise<void>): (written: number) => void {
  let since = 0;
  let isTrimming = false;
  return (written) => {
    since += written;
    if (since < bytes / 100 || isTrimming) return;
    since = 0;
    isTrimming = true;
    void trim().finally(() => {
      isTrimming = false;
    });
  };
}
