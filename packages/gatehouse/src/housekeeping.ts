import type { Clock } from "./oauth/ports.ts";
import type { Swept } from "./oauth/store/upkeep.ts";
import type { Store } from "./oauth/store.ts";
import type { Seconds } from "./oauth/values.ts";

export interface HousekeepingOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** After so long without use a client that registered itself goes, seconds (H20). */
  readonly clientIdle: Seconds;
  /** After so long one that nobody ever used goes (H21). */
  readonly clientUnused: Seconds;
  /** What else is held within its bounds, after what has died is gone. */
  readonly trims?: readonly ((signal: AbortSignal) => Promise<void>)[];
  /** Told what went, when anything did, and why a round failed. */
  readonly onRound?: (round: { readonly swept?: Swept; readonly error?: unknown }) => void;
}

const everyMs = 15 * 60 * 1000;
const firstAfterMs = 30 * 1000;
/** Rows of each kind a batch deletes: short enough that nobody waits for it. */
const batch = 500;

/**
 * Deletes what has died, every quarter of an hour, while the server runs. Correctness never depends on it:
 * expiry is checked at use (T06).
 */
export function startHousekeeping(options: HousekeepingOptions): { stop(): Promise<void> } {
  const stopping = new AbortController();
  let round: Promise<void> = Promise.resolve();
  const start = () => {
    round = keepOnce(options, stopping.signal).then(
      (swept) => options.onRound?.({ swept }),
      // The next round tries again, whatever this one failed with: a defect may lie in one row, and that row
      // may go.
      (error: unknown) => options.onRound?.({ error }),
    );
  };
  const first = setTimeout(start, firstAfterMs).unref();
  const interval = setInterval(() => void round.then(start), everyMs).unref();
  return {
    async stop() {
      clearTimeout(first);
      clearInterval(interval);
      stopping.abort();
      await round;
    },
  };
}

async function keepOnce(options: HousekeepingOptions, signal: AbortSignal): Promise<Swept> {
  const swept = await sweepAll(options, signal);
  for (const trim of options.trims ?? []) await trim(signal);
  return swept;
}

/**
 * One round: batch after batch until nothing is left, letting others have the store in between. Resolves with
 * what went in all.
 */
export async function sweepAll(
  {
    store,
    clock,
    clientIdle,
    clientUnused,
  }: Pick<HousekeepingOptions, "store" | "clock" | "clientIdle" | "clientUnused">,
  signal?: AbortSignal,
): Promise<Swept> {
  const total = {
    accessTokens: 0,
    grants: 0,
    sessions: 0,
    transactions: 0,
    assertions: 0,
    invitations: 0,
    ceremonies: 0,
    budgets: 0,
    codes: 0,
    clients: 0,
    unusedClients: 0,
    credentials: 0,
  };
  const kinds = Object.keys(total) as (keyof Swept)[];
  for (;;) {
    const swept = await store.sweep(clock.now(), batch, clientIdle, clientUnused);
    for (const kind of kinds) total[kind] += swept[kind];
    if (signal?.aborted || kinds.every((kind) => swept[kind] < batch)) return total;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
