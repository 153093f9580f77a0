/** Between two interrupts a person sends there is more time than this; npm sends each one twice, at once. */
const sameKeystroke = 300;

/**
 * Milliseconds for which a server that was told to stop answers on connections that are there: a proxy may
 * just have sent a request on one, or made it.
 */
export const settleMs = 250;

/** For a worker: the keystroke that interrupts reaches it as well, but when to stop its primary says. */
export function untilToldToStop(): Promise<void> {
  process.on("SIGINT", () => undefined);
  return new Promise((resolve) => process.on("SIGTERM", () => resolve()));
}

/**
 * Resolves with the first SIGINT or SIGTERM. A later one, when stopping takes too long for somebody, ends the
 * process on the spot with the exit code a shell expects of an interrupted program.
 */
export function untilInterrupted(): Promise<void> {
  return new Promise((resolve) => {
    let first: number | undefined;
    const interrupted = () => {
      if (first === undefined) {
        first = performance.now();
        resolve();
      } else if (performance.now() - first > sameKeystroke) {
        process.exit(130);
      }
    };
    process.on("SIGINT", interrupted);
    process.on("SIGTERM", interrupted);
  });
}

/** Aborted with the first SIGINT or SIGTERM, for what goes on until then. */
export function interruption(): AbortSignal {
  const interrupted = new AbortController();
  void untilInterrupted().then(() => interrupted.abort());
  return interrupted.signal;
}

/**
 * What a start comes to. A wish to stop that comes first ends the process at once with exit code 0, whatever
 * the start is waiting for: nothing has been promised to anybody yet, and what was begun in the database is
 * undone or completed by the next start.
 *
 * @param onStop told before the process ends
 */
export async function unlessInterrupted<T>(
  start: Promise<T>,
  interrupted: Promise<void>,
  onStop: () => void,
): Promise<T> {
  const started = await Promise.race([start.then((value) => ({ value })), interrupted]);
  if (started !== undefined) return started.value;
  onStop();
  process.exit(0);
}

export interface Hangups {
  /** Calls back for each SIGHUP from now on, and at once if there was one before. */
  each(callback: () => void): void;
}

/** From now on a SIGHUP no longer ends the process. */
export function rememberHangups(): Hangups {
  let missed = false;
  let told = () => {
    missed = true;
  };
  process.on("SIGHUP", () => told());
  return {
    each(callback) {
      told = callback;
      if (missed) callback();
    },
  };
}

/**
 * Runs what leaves something behind elsewhere unless it ends by itself: a first SIGINT or SIGTERM is a wish
 * to come to an end, a second one ends the process.
 */
export async function interruptible<T>(act: (interrupted: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const interrupt = () => controller.abort();
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  try {
    return await act(controller.signal);
  } finally {
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
}
