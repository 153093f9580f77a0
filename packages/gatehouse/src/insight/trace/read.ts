import type { AuditRecord } from "../../oauth/audit-record.ts";
import type { AuditQuery } from "../../oauth/store/audit.ts";
import type { Store } from "../../oauth/store.ts";
import type { TraceStep } from "../../oauth/trace-step.ts";
import { withAuditedSteps } from "./audited-steps.ts";
import { type EarlyRefresh, earlyRefreshOf, meaningOfEarlyRefresh } from "./early-refresh.ts";
import { withAcceptedSince } from "./introspection.ts";
import { withNewDatabase } from "./new-database.ts";
import { type Timeline, timelineOf } from "./timeline.ts";

/** As many audit events as are looked at of an attempt. */
const maxEvents = 200;
/** The audit trail is looked through by time: an attempt's events stand among its steps, or nearly so. */
export const aroundMs = 60_000;
/** A code is good for so long at most (CODE_TTL), milliseconds. */
export const codeMs = 10 * 60_000;

type Reading = Pick<Store, "findTrace" | "findAudit">;

/** What is known of an attempt. */
interface Found {
  /** The steps that were written down. */
  readonly written: readonly TraceStep[];
  /** The audit events with its reference, the oldest first. */
  readonly events: readonly AuditRecord[];
}

/**
 * What was written down of an attempt, and its audit events. Of an app's registration there is only the audit
 * event, which is looked for by its name.
 * @param registeredSince registrations from before are not looked for, milliseconds since 1970
 */
async function readAttempt(store: Reading, reference: string, registeredSince = 0): Promise<Found> {
  const written = await store.findTrace(reference);
  const [since, until] =
    written.length > 0 ? timesOf(written) : await timeOfRegistration(store, reference, registeredSince);
  if (since === undefined) return { written, events: [] };
  const within = { since: since - aroundMs, until: until + aroundMs };
  const { records } = await store.findAudit({ reference, ...within }, { order: "oldest", limit: maxEvents });
  return { written, events: records };
}

async function timeOfRegistration(
  store: Reading,
  reference: string,
  since: number,
): Promise<readonly [number, number] | readonly [undefined]> {
  const query = { name: "client_registered", reference, since };
  const [found] = (await store.findAudit(query, { order: "newest", limit: 1 })).records;
  return found === undefined ? [undefined] : [found.time, found.time];
}

/** The steps of an attempt with those that its audit events tell, and the events that tell none. */
export async function readSteps(store: Reading, reference: string, registeredSince: number) {
  const { written, events } = await readAttempt(store, reference, registeredSince);
  return withAuditedSteps(reference, written, events);
}

/** Between which its events stand. */
function timesOf(steps: readonly TraceStep[]): readonly [number, number] {
  const ends = steps.map(({ step, time }) => (step === "code_sent" ? time + codeMs : time));
  return [Math.min(...steps.map(({ time }) => time)), Math.max(...ends)];
}

/**
 * The timeline of an attempt, of its steps and its audit events; `undefined`: nothing is known of it (any
 * more).
 * @param now milliseconds since 1970
 */
export async function readTimeline(
  store: Reading & Pick<Store, "findAuditChains" | "listResources">,
  reference: string,
  now: number,
): Promise<Timeline | undefined> {
  const { written, events } = await readAttempt(store, reference);
  if (written.length > 0 || events.length > 0) {
    const trailBegin = await beginOfTrail(store, now);
    const timeline = timelineOf(reference, written, events, now, trailBegin);
    if (timeline === undefined) return undefined;
    const whole = withEarlyRefresh(timeline, await earlyRefreshOf(store, events));
    return withAcceptedSince(store, await withNewDatabase(store, whole, trailBegin));
  }
  // A request that only the audit trail knows of, at whatever time.
  const { records } = await store.findAudit({ reference }, { order: "oldest", limit: maxEvents });
  return timelineOf(reference, [], records, now);
}

/** Says of a connection that looks whole what happened right after it, unless something worse did. */
function withEarlyRefresh(timeline: Timeline, early: EarlyRefresh | undefined): Timeline {
  const isWhole = timeline.entries.every(({ name, outcome }) => outcome === "ok" && name !== "grant_ended");
  if (early === undefined || !isWhole) return timeline;
  return { ...timeline, conclusion: meaningOfEarlyRefresh(early, timeline.resource) };
}

/** Up to when records of the audit trail were removed, milliseconds since 1970; 0: none were. */
export async function beginOfTrail(
  store: Pick<Store, "findAudit" | "findAuditChains">,
  now: number,
): Promise<number> {
  const { registry, chains } = await store.findAuditChains();
  if (registry.forgotten.upTo === 0 && chains.every(({ cut }) => cut.sequence === 0)) return 0;
  const [oldest] = (await store.findAudit({}, { order: "oldest", limit: 1 })).records;
  return oldest?.time ?? now;
}

/** Records of the audit trail, read part by part as they are wanted. */
export async function* recordsOf(
  store: Pick<Store, "findAudit">,
  query: AuditQuery,
  order: "newest" | "oldest",
  limit: number,
): AsyncGenerator<AuditRecord> {
  for (let after: string | undefined; ; ) {
    const { records, next } = await store.findAudit(query, { order, limit, after });
    yield* records;
    if (next === undefined) return;
    after = next;
  }
}
