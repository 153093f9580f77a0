import type { Shell } from "./shell.ts";

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

/** How often it is looked whether npm is still there, milliseconds. */
const npmEvery = 500;

/**
 * Calls back once npm or npx, which started this process, is gone: told to stop, they end themselves and the
 * shell between, and tell nobody else. A shell that is gone by the first look left us behind on purpose, as
 * `gatehouse serve &` in a script of package.json does.
 */
function onceNpmIsGone({ environment }: Pick<Shell, "environment">, callback: () => void): void {
  if (environment.npm_command === undefined || process.platform === "win32") return;
  let parent: number | undefined;
  const timer = setInterval(() => {
    parent ??= process.ppid;
    if (process.ppid === parent) return;
    clearInterval(timer);
    callback();
  }, npmEvery).unref();
}

/**
 * Resolves with the first SIGINT or SIGTERM, or once npm, which started this process, is gone. A later
 * signal, when stopping takes too long for somebody, ends the process on the spot with the exit code a shell
 * expects of an interrupted program.
 */
export function untilInterrupted(shell: Pick<Shell, "environment" | "complain">): Promise<void> {
  return new Promise((resolve) => {
    onceNpmIsGone(shell, () => {
      shell.complain("npm, which started this, is gone: stopping.");
      resolve();
    });
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

/** Aborted when {@link untilInterrupted} resolves, for what goes on until then. */
export function interruption(shell: Pick<Shell, "environment" | "complain">): AbortSignal {
  const interrupted = new AbortController();
  void untilInterrupted(shell).then(() => interrupted.abort());
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
