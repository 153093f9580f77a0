import type { AuditRecord } from "../../oauth/audit-record.ts";
import {
  placeOfTrace,
  readPlaceOfTrace,
  type TraceQuery,
  type TraceSummary,
} from "../../oauth/store/traces.ts";
import type { Store } from "../../oauth/store.ts";
import type { TraceStepName } from "../../oauth/trace-step.ts";
import { stepOfEvent } from "./audited-steps.ts";
import { type ListedAttempt, withStates } from "./listed.ts";
import { aroundMs, codeMs, recordsOf } from "./read.ts";

type Reading = Pick<Store, "findTraces" | "findAudit" | "findAuditChains">;

/** Records of the audit trail that are read at once. */
const pageSize = 500;
const looksAtOnce = 8;

export interface AttemptQuery extends TraceQuery {
  /** Registrations from before are left out, milliseconds since 1970. */
  readonly registeredSince: number;
  /** Milliseconds since 1970: what did not follow until then is told. */
  readonly now: number;
}

export interface AttemptPage {
  readonly traces: readonly ListedAttempt[];
  /** For the next page; `undefined`: this is the end. */
  readonly next: string | undefined;
}

/**
 * Attempts and registrations, the newest first, as {@link Store.findTraces} lists them, with what the audit
 * trail tells of them: that an app registered, got its tokens, and wanted others at once. Costs one look into
 * the trail for registrations, and one for the time in which codes of the page could be exchanged, or for
 * each of these times where others' attempts stand in between, whatever else the trail tells; and what
 * {@link withStates} costs.
 */
export async function findAttempts(
  store: Reading,
  { registeredSince, now, ...query }: AttemptQuery,
  page: { readonly limit: number; readonly after?: string | undefined },
): Promise<AttemptPage> {
  const { since = 0, subject } = query;
  // What was written last may be from before, and the tokens from after.
  const [found, registrations] = await Promise.all([
    store.findTraces({ ...query, since: since - codeMs - aroundMs }, page),
    subject === undefined
      ? findRegistrations(store, { ...query, since: Math.max(since, registeredSince) }, page)
      : [],
  ]);
  const isWritten = new Set(found.traces.map(({ reference }) => reference));
  const all = [...found.traces, ...registrations.filter(({ reference }) => !isWritten.has(reference))].sort(
    newestFirst,
  );
  const traces = all.slice(0, page.limit);
  const last = traces.at(-1);
  const isEnd = found.next === undefined && all.length === traces.length;
  const issued = await firstTokens(store, query, traces);
  const ended = traces.map((trace) => withTokens(trace, issued.get(trace.reference)?.time));
  const shown = ended.filter((each) => each.last >= since).sort(newestFirst);
  return {
    traces: await withStates(store, shown, issued, query, now),
    next: isEnd || last === undefined ? undefined : placeOfTrace(last),
  };
}

/** In the order of {@link Store.findTraces}. */
const newestFirst = (one: TraceSummary, other: TraceSummary) =>
  other.last - one.last || (one.reference < other.reference ? 1 : -1);

/** As many as a page holds, and one more where there are more. */
async function findRegistrations(
  store: Pick<Store, "findAudit">,
  { client, since, until = Number.MAX_SAFE_INTEGER }: TraceQuery,
  { limit, after }: { readonly limit: number; readonly after?: string | undefined },
): Promise<readonly TraceSummary[]> {
  const place = readPlaceOfTrace(after) ?? { last: until, reference: "" };
  const found: TraceSummary[] = [];
  const query = { name: "client_registered", client, since, until: Math.min(until, place.last + 1) };
  for await (const { time, reference, ...event } of recordsOf(store, query, "newest", limit + 1)) {
    const step = reference && stepOfEvent(reference, { time, ...event });
    if (!step || (time === place.last && reference >= place.reference)) continue;
    // Those of the same millisecond stand by their reference, and not as they are found.
    const end = found[limit];
    if (end !== undefined && time < end.last) break;
    const about = {
      client: step.client,
      subject: undefined,
      step: step.step,
      outcome: step.outcome,
      steps: 1,
    };
    found.push({ reference, first: time, last: time, ...about });
  }
  return found.sort(newestFirst).slice(0, limit + 1);
}

/** What is not how an attempt ended, though nothing was written after it. */
const beforeTokens = new Set<TraceStepName>(["code_sent", "other_browser", "attempt_over"]);

/** The tokens that came of the codes of attempts, by reference. */
async function firstTokens(
  store: Pick<Store, "findAudit">,
  { client, subject }: TraceQuery,
  traces: readonly TraceSummary[],
): Promise<ReadonlyMap<string, AuditRecord>> {
  const open = traces.filter(({ step, subject: person }) => beforeTokens.has(step) && person !== undefined);
  const issued = new Map<string, AuditRecord>();
  const look = async ({ since, until, references }: Window) => {
    const query = { name: "code_redeemed", client, subject, since, until };
    for await (const record of recordsOf(store, query, "oldest", pageSize)) {
      const { reference = "" } = record;
      if (!references.delete(reference)) continue;
      issued.set(reference, record);
      if (references.size === 0) break;
    }
  };
  // Of all attempts together those in between stand in the list themselves.
  const isOfAll = client === undefined && subject === undefined;
  const windows = windowsOf(open, isOfAll ? Number.MAX_SAFE_INTEGER : 0);
  for (let at = 0; at < windows.length; at += looksAtOnce) {
    await Promise.all(windows.slice(at, at + looksAtOnce).map(look));
  }
  return issued;
}

/** @param time of its first tokens, if it got any */
function withTokens(trace: TraceSummary, time: number | undefined): TraceSummary {
  if (time === undefined || (time < trace.last && trace.step !== "code_sent")) return trace;
  const { last, steps } = trace;
  return { ...trace, last: Math.max(last, time), step: "tokens_issued", outcome: "ok", steps: steps + 1 };
}

interface Window {
  readonly since: number;
  until: number;
  readonly references: Set<string>;
}

/**
 * When codes of these attempts could be exchanged, each time once.
 * @param apart those that are no further apart are one, milliseconds
 */
function windowsOf(traces: readonly TraceSummary[], apart: number): readonly Window[] {
  const windows: Window[] = [];
  for (const { last, reference } of traces.toSorted((a, b) => a.last - b.last)) {
    const [since, until] = [last - aroundMs, last + codeMs + aroundMs];
    const current = windows.at(-1);
    if (current !== undefined && since - current.until <= apart) {
      current.until = until;
      current.references.add(reference);
    } else windows.push({ since, until, references: new Set([reference]) });
  }
  return windows;
}
