/**
 * Lets work through, a bounded number at once; the others stand in a line of bounded length, for no longer
 * than their signal allows.
 */
export type ConcurrencyLimit = <T>(signal: AbortSignal, work: () => Promise<T>) => Promise<T>;

/** Rejects at once when the line is full, and as soon as the signal says when the turn does not come. */
export function createConcurrencyLimit(most: {
  readonly atOnce: number;
  readonly inLine: number;
}): ConcurrencyLimit {
  let inside = 0;
  const line = new Set<() => void>();

  function enter(signal: AbortSignal): Promise<void> {
    if (inside < most.atOnce) {
      inside++;
      return Promise.resolve();
    }
    if (line.size >= most.inLine) return Promise.reject(new Error("too many questions are waiting"));
    return new Promise((resolve, reject) => {
      const turn = () => {
        signal.removeEventListener("abort", giveUp);
        resolve();
      };
      const giveUp = () => {
        line.delete(turn);
        reject(new Error("its turn to be asked did not come in time"));
      };
      line.add(turn);
      signal.addEventListener("abort", giveUp, { once: true });
    });
  }

  /** The first in line takes the place that has become free. */
  function leave(): void {
    const [next] = line;
    if (next === undefined) {
      inside--;
      return;
    }
    line.delete(next);
    next();
  }

  return async (signal, work) => {
    await enter(signal);
    try {
      return await work();
    } finally {
      leave();
    }
  };
}
