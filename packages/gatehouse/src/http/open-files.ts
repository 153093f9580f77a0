import { readFileSync } from "node:fs";

const usual = 10_000;
/** For databases, files, and connections of our own. */
const reserved = 64;

/**
 * How many connections a listener may hold: so many that the memory suffices, and so few that the process can
 * open files and connections of its own however many strangers come.
 */
export function defaultMaxConnections(): number {
  const limit = openFileLimit();
  return limit === undefined ? usual : Math.max(1, Math.min(usual, limit - Math.min(reserved, limit / 2)));
}

/** What the system lets this process open; `undefined` where it does not say. */
function openFileLimit(): number | undefined {
  try {
    const [, soft] = /^Max open files +(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined; // not Linux
  }
}
