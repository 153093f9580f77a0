import type { AuditRecord } from "../../oauth/audit-record.ts";
import type { TraceSummary } from "../../oauth/store/traces.ts";
import type { Store } from "../../oauth/store.ts";
import type { AttemptState } from "../../oauth/trace-step.ts";
import { earlyRefreshesAmong, meaningOfEarlyRefresh } from "./early-refresh.ts";
import { meaningOf, meaningOfEnd } from "./meanings.ts";
import { beginOfTrail } from "./read.ts";

/** An attempt in a list, and what it came to. */
export interface ListedAttempt extends TraceSummary {
  readonly state: AttemptState;
  /** That in a sentence. */
  readonly means: string;
}

/**
 * Attempts with what they came to. Costs up to eight looks for whose apps refreshed far too early, one where
 * nothing else happened for minutes, and one for how far back the trail could tell where a code does not seem
 * to have been exchanged.
 * @param issued of each reference the first tokens, as the trail has them
 * @param now milliseconds since 1970
 */
export async function withStates(
  store: Pick<Store, "findAudit" | "findAuditChains">,
  traces: readonly TraceSummary[],
  issued: ReadonlyMap<string, AuditRecord>,
  query: { readonly client?: string | undefined; readonly subject?: string | undefined },
  now: number,
): Promise<readonly ListedAttempt[]> {
  const connected = traces.flatMap(({ reference, step }) => {
    const record = issued.get(reference);
    return record === undefined || step !== "tokens_issued" ? [] : [record];
  });
  const [early, trailBegin] = await Promise.all([
    earlyRefreshesAmong(store, connected, query, now),
    traces.some(({ step }) => step === "code_sent") ? beginOfTrail(store, now) : 0,
  ]);
  return traces.map((trace) => {
    const after = early.get(issued.get(trace.reference)?.grant ?? "");
    return listed(trace, now, trailBegin, trace.step === "tokens_issued" ? after : undefined);
  });
}

/**
 * @param trailBegin up to when the audit trail is gone, milliseconds since 1970; 0: it is all there
 * @param refreshedAfter its first tokens, milliseconds, where that was far too early
 */
export function listed(
  trace: TraceSummary,
  now: number,
  trailBegin: number,
  refreshedAfter?: number,
): ListedAttempt {
  const { reference, last, step, outcome } = trace;
  if (refreshedAfter !== undefined) {
    const { means } = meaningOfEarlyRefresh({ after: refreshedAfter, others: 0 }, undefined);
    return { ...trace, state: "doubtful", means };
  }
  const about = { reference, time: last, instance: "", step, outcome };
  const end = meaningOfEnd(about, (now - last) / 1000, trailBegin);
  return { ...trace, state: end?.state ?? outcome, means: (end ?? meaningOf(about)).means };
}
