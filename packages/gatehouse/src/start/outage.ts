import { statfsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describeStorage, type StorageConfig } from "../config/config.ts";
import { oneLine } from "../oauth/harmless.ts";
import type { Clock, Events } from "../oauth/ports.ts";
import { type Store, StoreUnavailableError } from "../oauth/store.ts";
import { findSqliteWriters } from "../storage/sqlite/writers.ts";

export interface OutageOptions {
  readonly store: Pick<Store, "findProblems">;
  readonly storage: StorageConfig;
  readonly clock: Clock;
  /** Milliseconds between two looks whether it is back; handed in by tests. */
  readonly everyMs?: number;
}

/**
 * Tells of an outage of the database once, with whose fault it is, and once that it is over, with how long it
 * took and how many requests were refused. Each refused request has its own line, as ever.
 */
export function watchOutages(events: Events, options: OutageOptions): Events & { stop(): void } {
  const { store, storage, clock, everyMs = 1000 } = options;
  const stopping = new AbortController();
  let outage: { readonly since: number; refused: number } | undefined;

  async function begin(request: string, error: StoreUnavailableError): Promise<void> {
    const begun = { since: clock.now(), refused: 0 };
    outage = begun;
    const detail = `${describeStorage(storage)}: ${error.message}${roomLeft(storage, error)}${heldBy(storage, error)}`;
    events.emit({ name: "store_unavailable", request, reason: reasonOf(error), detail });
    while (!(await isBack())) await pause(everyMs, undefined, { ref: false, signal: stopping.signal });
    outage = undefined;
    const { refused: count } = begun;
    const told = `after ${clock.now() - begun.since} s, ${count} requests refused`;
    events.emit({ name: "store_back", request, count, detail: told });
  }

  async function isBack(): Promise<boolean> {
    try {
      await store.findProblems();
      return true;
    } catch (error) {
      if (error instanceof StoreUnavailableError) return false;
      throw error;
    }
  }

  return {
    ...events,
    emit(event) {
      const error = unavailableIn(event.cause);
      if (error !== undefined && !stopping.signal.aborted) {
        // What ends it otherwise is a defect, which the next look at the database tells of.
        if (outage === undefined)
          void begin(event.request, error).catch(() => {
            outage = undefined;
          });
        if (outage !== undefined) outage.refused++;
      }
      events.emit(event);
    },
    stop: () => stopping.abort(),
  };
}

function unavailableIn(cause: unknown): StoreUnavailableError | undefined {
  for (let inner = cause; inner instanceof Error; inner = inner.cause) {
    if (inner instanceof StoreUnavailableError) return inner;
  }
  return undefined;
}

/** In a few words; the detail says the rest. */
function reasonOf(error: StoreUnavailableError): string {
  switch (error.kind) {
    case "locked":
      return "locked by another process for 5 s";
    case "full":
      return "disk full";
    case "other":
      return "cannot answer";
    case "unreachable":
      return codesIn(error).includes("ECONNREFUSED") ? "connection refused" : "connection lost";
  }
}

/** Node's words for what failed below; of a host with two addresses there are two. */
function codesIn(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const own = "code" in error ? [String(error.code)] : [];
  const several = error instanceof AggregateError ? error.errors.flatMap(codesIn) : [];
  return [...own, ...several, ...codesIn(error.cause)];
}

/** By which processes, where the system tells. */
function heldBy(storage: StorageConfig, { kind }: StoreUnavailableError): string {
  if (kind !== "locked" || storage.kind !== "sqlite") return "";
  const writers = findSqliteWriters(storage.path);
  return writers.length === 0 ? "" : `; it is ${oneLine(writers.join(", "), 300)}`;
}

/** Of the disk below the embedded database; a server's is out of sight. */
function roomLeft(storage: StorageConfig, { kind }: StoreUnavailableError): string {
  if (kind !== "full" || storage.kind !== "sqlite") return "";
  const folder = dirname(resolve(storage.path));
  try {
    const { bavail, bsize } = statfsSync(folder);
    return `; ${bavail * bsize} bytes free in ${folder}`;
  } catch {
    return ""; // it cannot be looked at, which the next look at the database tells of
  }
}
