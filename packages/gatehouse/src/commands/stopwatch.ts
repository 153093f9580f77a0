/** Time for something, which stands still while a person is asked. */
export interface Stopwatch {
  /** Aborted when the time is over. */
  readonly signal: AbortSignal;
  pausedFor<T>(act: Promise<T>): Promise<T>;
  stop(): void;
}

/** @param time milliseconds */
export function startStopwatch(time: number): Stopwatch {
  const controller = new AbortController();
  let left = time;
  let since = performance.now();
  let timer = setTimeout(() => controller.abort(), left);
  return {
    signal: controller.signal,
    async pausedFor(act) {
      clearTimeout(timer);
      left -= performance.now() - since;
      try {
        return await act;
      } finally {
        since = performance.now();
        timer = setTimeout(() => controller.abort(), Math.max(0, left));
      }
    },
    stop: () => clearTimeout(timer),
  };
}
