/*
 * A child leads a process group of its own, so that stopping reaches whatever it started: `npx` starts a
 * shell that starts the server. Windows has no such groups.
 */

/** Groups of this process that may still have members. */
const living = new Set<number>();
let isWatching = false;

/**
 * Remembers a group until it is forgotten: should this process end without having stopped it, it is killed at
 * the last moment.
 */
export function rememberGroup(leader: number): void {
  living.add(leader);
  if (isWatching) return;
  isWatching = true;
  process.on("exit", () => {
    for (const group of living) signalGroup(group, "SIGKILL");
  });
}

export function forgetGroup(leader: number): void {
  living.delete(leader);
}

/** Sends the signal to all members. False: there is none any more. */
export function signalGroup(leader: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-leader, signal);
    return true;
  } catch (error) {
    // EPERM: a member runs as somebody else, so there is one, and nothing can be done about it.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
