import { setTimeout as pauseFor } from "node:timers/promises";
import type { Resource } from "./oauth/records.ts";
import type { Store } from "./oauth/store.ts";

export interface LookAroundOptions {
  readonly store: Pick<Store, "listResources">;
  /** What the identity providers say of themselves, each with how it is fetched. */
  readonly providers: readonly {
    readonly discover: () => Promise<unknown>;
    /** Told once why it cannot be used, and once that it can. Not told of one that works at once. */
    readonly onOutcome: (problem: unknown | undefined) => void;
  }[];
  /** Told once which MCP servers there are, when the database can be asked. */
  readonly onResources: (resources: readonly Resource[]) => void;
  /** What else is asked of the database, once it can be; each until it succeeds. */
  readonly works?: readonly (() => Promise<void>)[];
  /** Milliseconds; handed in by tests. */
  readonly sleep?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** Between two attempts, milliseconds. */
const firstPause = 5000;
const maxPause = 5 * 60_000;

/**
 * Looks beside the start at what a server needs of others, so that the operator reads of a wrong setting now
 * and not from the first person who cannot sign in. Nothing waits for it.
 */
export function lookAround(options: LookAroundOptions): { stop(): void } {
  const { store, providers, onResources, works = [], sleep = pause } = options;
  const stopping = new AbortController();
  const { signal } = stopping;

  /** Tries again, ever more seldom, until it works. */
  async function untilDone(work: () => Promise<void>, onFailure: (error: unknown) => void): Promise<void> {
    for (let wait = firstPause; !signal.aborted; wait = Math.min(wait * 2, maxPause)) {
      try {
        return await work();
      } catch (error) {
        if (!signal.aborted) onFailure(error);
      }
      await sleep(wait, signal);
    }
  }

  for (const { discover, onOutcome } of providers) {
    let failed = false;
    const work = async () => {
      await discover();
      if (failed && !signal.aborted) onOutcome(undefined);
    };
    void untilDone(work, (error) => {
      if (!failed) onOutcome(error);
      failed = true;
    });
  }
  // A database that cannot be asked yet is told of elsewhere.
  for (const work of [async () => onResources(await store.listResources()), ...works]) {
    void untilDone(work, () => undefined);
  }
  return { stop: () => stopping.abort() };
}

const pause = (milliseconds: number, signal: AbortSignal) =>
  pauseFor(milliseconds, undefined, { signal, ref: false }).catch(() => undefined); // stopped
