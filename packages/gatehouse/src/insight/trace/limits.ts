import type { TraceBytes, TraceStore } from "../../oauth/store/traces.ts";

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
function roomIn(bytes: number): TraceBytes {
  const other = Math.floor((bytes * headroom) / 5);
  return { other, signedIn: Math.floor(bytes * headroom) - other };
}

/**
 * Removes what is too old, and then what is too much, batch after batch, and lets others have the store in
 * between. How much there is is asked once, and what went is taken off.
 * @param now milliseconds since 1970
 */
export async function trimTraces(
  store: Pick<TraceStore, "countTraceBytes" | "trimTraces">,
  { ageMs, bytes }: TraceRetention,
  now: number,
  signal?: AbortSignal,
): Promise<number> {
  let total = 0;
  const trim = async (excess: TraceBytes) => {
    let left = excess;
    for (;;) {
      const gone = await store.trimTraces({ before: now - ageMs, bytes: left }, batch);
      total += gone.attempts;
      if (gone.attempts < batch || signal?.aborted) return; // what came meanwhile is for the next time
      left = { signedIn: left.signedIn - gone.bytes.signedIn, other: left.other - gone.bytes.other };
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await trim({ signedIn: 0, other: 0 });
  if (signal?.aborted) return total;
  const room = roomIn(bytes);
  const { signedIn, other } = await store.countTraceBytes();
  const excess = { signedIn: signedIn - room.signedIn, other: other - room.other };
  if (excess.signedIn > 0 || excess.other > 0) await trim(excess);
  return total;
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
