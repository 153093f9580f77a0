import { setTimeout as pause } from "node:timers/promises";
import type { TraceQuery, TraceStore } from "../../oauth/store/traces.ts";
import type { TraceStep } from "../../oauth/trace-step.ts";

/** Between two looks, milliseconds: a step stands in the store within a second, and is shown within two. */
const everyMs = 700;
/** What a slower process writes, or one whose clock is behind, is still seen, milliseconds. */
const latenessMs = 60_000;
/** Attempts of which is remembered what was shown. */
const maxAttempts = 10_000;
const pageSize = 200;

/** New steps of one attempt, those that are there first. Ends with the signal. */
export async function* followTrace(
  store: Pick<TraceStore, "findTrace">,
  reference: string,
  signal: AbortSignal,
): AsyncGenerator<TraceStep> {
  for (let shown = 0; !signal.aborted; await interval(signal)) {
    const steps = await store.findTrace(reference);
    yield* steps.slice(shown);
    shown = steps.length;
  }
}

/**
 * New steps of all attempts that a query names, from a time on. Ends with the signal.
 * @param now milliseconds since 1970
 */
export async function* followTraces(
  store: Pick<TraceStore, "findTrace" | "findTraces">,
  query: Pick<TraceQuery, "client"> & { readonly subjects: readonly string[] | undefined },
  from: number,
  now: () => number,
  signal: AbortSignal,
): AsyncGenerator<TraceStep> {
  const shown = new Map<string, number>();
  for (let since = from; !signal.aborted; await interval(signal)) {
    const fresh: TraceStep[] = [];
    const next = now() - latenessMs;
    for (const subject of query.subjects ?? [undefined]) {
      const about = { client: query.client, subject, since };
      for (let after: string | undefined; ; ) {
        const page = await store.findTraces(about, { limit: pageSize, after });
        for (const { reference, steps } of page.traces) {
          const before = shown.get(reference) ?? 0;
          if (steps <= before) continue;
          const found = await store.findTrace(reference);
          fresh.push(...found.slice(before).filter(({ time }) => time >= from));
          shown.set(reference, steps);
        }
        if (page.next === undefined) break;
        after = page.next;
      }
    }
    for (const reference of shown.keys()) {
      if (shown.size <= maxAttempts) break;
      shown.delete(reference);
    }
    yield* fresh.toSorted((a, b) => a.time - b.time);
    since = next;
  }
}

const interval = (signal: AbortSignal) => pause(everyMs, undefined, { signal }).catch(() => undefined);
