import type { Clock, GrantUses } from "../oauth/ports.ts";
import type { GrantUse, UseStore } from "../oauth/store/uses.ts";
import type { GrantId } from "../oauth/values.ts";

export interface GrantUsesOptions {
  readonly store: UseStore;
  readonly clock: Clock;
  /** Milliseconds between two writes; in tests they write themselves. */
  readonly everyMs?: number;
  /** Told that the store did not take it: what was used is noted at its next use. */
  readonly onLost: (error: unknown) => void;
}

/** The last use that people see is right to ten minutes, twice that of a grant that is used all the time. */
const defaultEveryMs = 5 * 60_000;
/** While the use that the store knows of is younger, none is noted: the rest of the time is for writing. */
const youngPart = 0.9;
/** Of more grants than these in that time it is written sooner. */
const maxNoted = 100_000;

/** A grant that is used all the time is written once in a while, however often it is used (Z22). */
export interface RunningGrantUses extends GrantUses {
  /** Writes what was noted. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

export function startGrantUses(options: GrantUsesOptions): RunningGrantUses {
  const { store, clock, everyMs = defaultEveryMs, onLost } = options;
  const youngSeconds = (youngPart * everyMs) / 1000;
  let noted = new Map<GrantId, GrantUse>();
  let writing: Promise<void> = Promise.resolve();
  const stopping = new AbortController();

  function flush(): Promise<void> {
    const uses = [...noted.values()];
    noted = new Map();
    if (uses.length > 0) writing = writing.then(() => store.noteUses(uses, stopping.signal)).catch(onLost);
    return writing;
  }

  const timer = setInterval(() => void flush(), everyMs).unref();
  return {
    note(grantId, { address, storedAt } = {}) {
      const usedAt = clock.now();
      if (address === undefined && storedAt !== undefined && usedAt - storedAt < youngSeconds) return;
      const earlier = noted.get(grantId);
      // Nearly always the same as before: a new object a minute is enough.
      if (earlier !== undefined && address === undefined && usedAt - earlier.usedAt < 60) return;
      noted.set(grantId, { grantId, usedAt, address: address ?? earlier?.address });
      if (noted.size >= maxNoted) void flush();
    },
    flush,
    stop() {
      clearInterval(timer);
      stopping.abort();
      return flush();
    },
  };
}
