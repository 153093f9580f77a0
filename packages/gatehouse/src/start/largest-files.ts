import type { Dirent } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { LargeEntry } from "../insight/doctor/checks/disk.ts";

/** Entries that are looked at: with more, what is found is the largest of these. */
const maxEntries = 20_000;
const maxMs = 2000;
/** What holds this share of its folder is named instead of it. */
const mostShare = 0.8;

/** Bytes on the disk of a path; where in it most of them are. */
interface Weighed {
  readonly bytes: number;
  readonly heaviest: string;
}

/**
 * The largest entries of a folder, with all that is in them, the largest first. What is on another disk, or
 * may not be read, does not count; links are not followed.
 */
export async function largestIn(folder: string, count: number): Promise<LargeEntry[]> {
  const until = performance.now() + maxMs;
  let left = maxEntries;
  const { dev } = await lstat(folder);

  async function weigh(path: string, entry: Dirent): Promise<Weighed> {
    const look = await lstat(join(folder, path)).catch(() => undefined); // gone meanwhile
    if (look === undefined || look.dev !== dev) return { bytes: 0, heaviest: path };
    const own = look.blocks * 512;
    if (!entry.isDirectory()) return { bytes: own, heaviest: path };
    const within = await weighAll(path);
    const bytes = within.reduce((sum, each) => sum + each.bytes, own);
    const [largest] = within;
    const isMost = largest !== undefined && largest.bytes >= mostShare * bytes;
    return { bytes, heaviest: isMost ? largest.heaviest : path };
  }

  /** One after the other, so that few files are looked at once. */
  async function weighAll(path: string): Promise<Weighed[]> {
    const entries = await readdir(join(folder, path), { withFileTypes: true }).catch(() => []);
    const weighed: Weighed[] = [];
    for (const entry of entries) {
      if (left-- <= 0 || performance.now() > until) break;
      weighed.push(await weigh(join(path, entry.name), entry));
    }
    return weighed.toSorted((one, other) => other.bytes - one.bytes);
  }

  const all = await weighAll(".");
  return all.slice(0, count).map(({ bytes, heaviest }) => ({ path: heaviest, bytes }));
}
