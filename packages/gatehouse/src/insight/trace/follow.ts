import { setTimeout as pause } from "node:timers/promises";
import type { TraceQuery } from "../../oauth/store/traces.ts";
import type { Store } from "../../oauth/store.ts";
import type { TraceStep } from "../../oauth/trace-step.ts";
import { auditedEvents, inOrder, isAmong, stepOfEvent } from "./audited-steps.ts";
import { aroundMs, recordsOf } from "./read.ts";

/** Between two looks, milliseconds: a step stands in the store within a second, and is shown within two. */
const everyMs = 700;
/** What a slower process writes, or one whose clock is behind, is still seen, milliseconds. */
const latenessMs = 60_000;
/** Attempts of which is remembered what was shown. */
const maxAttempts = 10_000;
const pageSize = 200;

type Reading = Pick<Store, "findTrace" | "findTraces" | "findAudit">;

/**
 * New steps of one attempt, those that are there first. Ends with the signal.
 * @param now milliseconds since 1970
 */
export async function* followTrace(
  store: Pick<Reading, "findTrace" | "findAudit">,
  reference: string,
  now: () => number,
  signal: AbortSignal,
): AsyncGenerator<TraceStep> {
  const [first] = await store.findTrace(reference);
  const audited = newAuditedSteps(store, { reference }, first === undefined ? 0 : first.time - aroundMs, now);
  for (let shown = 0; !signal.aborted; await interval(signal)) {
    const others = await audited();
    const steps = await store.findTrace(reference);
    yield* inOrder(steps.slice(shown), others);
    shown = steps.length;
  }
}

/** Whose steps are followed. */
interface Followed extends Pick<TraceQuery, "client"> {
  readonly subjects?: readonly string[] | undefined;
}

/**
 * New steps of all attempts that a query names, from a time on. Ends with the signal.
 * @param now milliseconds since 1970
 */
export async function* followTraces(
  store: Reading,
  query: Followed,
  from: number,
  now: () => number,
  signal: AbortSignal,
): AsyncGenerator<TraceStep> {
  const shown = new Map<string, number>();
  const audited = newAuditedSteps(store, query, from, now);
  for (let since = from; !signal.aborted; await interval(signal)) {
    const fresh: TraceStep[] = [];
    const next = now() - latenessMs;
    const others = await audited();
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
    forgetOldest(shown);
    yield* inOrder(
      fresh.toSorted((a, b) => a.time - b.time),
      others,
    );
    since = next;
  }
}

/**
 * Gives, each time it is asked, the steps that the audit trail tells and did not tell before. Whoever reads
 * what was written down afterwards finds the steps that come before these: tokens are held back for one time
 * while the sending of their code is not written yet.
 * @param from steps from before are left out, milliseconds since 1970
 */
function newAuditedSteps(
  store: Pick<Reading, "findTrace" | "findAudit">,
  { subjects, ...followed }: Followed & { readonly reference?: string },
  from: number,
  now: () => number,
): () => Promise<readonly TraceStep[]> {
  const seen = new Map<string, true>();
  let since = from;
  let held: readonly TraceStep[] = [];

  async function* unseen(): AsyncGenerator<TraceStep> {
    for (const name of auditedEvents) {
      // Nobody is named in the others.
      const whose = subjects === undefined ? [undefined] : name === "code_redeemed" ? subjects : [];
      for (const subject of whose) {
        const query = { ...followed, name, subject, since };
        for await (const record of recordsOf(store, query, "oldest", pageSize)) {
          const step = record.reference && stepOfEvent(record.reference, record);
          if (!step || seen.has(record.id)) continue;
          seen.set(record.id, true);
          yield step;
        }
      }
    }
  }

  return async () => {
    const next = Math.max(from, now() - latenessMs);
    const ready = [...held];
    const tooEarly: TraceStep[] = [];
    for await (const step of unseen()) {
      const written = await store.findTrace(step.reference);
      if (isAmong(written, step)) continue;
      const isEarly = step.step === "tokens_issued" && written.every((each) => each.step !== "code_sent");
      (isEarly ? tooEarly : ready).push(step);
    }
    forgetOldest(seen);
    [since, held] = [next, tooEarly];
    return ready;
  };
}

function forgetOldest(remembered: Map<string, unknown>): void {
  for (const key of remembered.keys()) {
    if (remembered.size <= maxAttempts) return;
    remembered.delete(key);
  }
}

const interval = (signal: AbortSignal) => pause(everyMs, undefined, { signal }).catch(() => undefined);
