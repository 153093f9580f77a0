import type { TraceStep, TraceStepName } from "../../oauth/trace-step.ts";
import { type TraceEvent, togetherMs, withAuditedSteps } from "./audited-steps.ts";
import { inWordsOfIntrospection } from "./introspection.ts";
import { meaningOf, meaningOfEnd, meaningOfEvent } from "./meanings.ts";

/** A line of a timeline: a step of the attempt, or an audit event that no step says. */
export interface TimelineEntry {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Milliseconds since the first one. */
  readonly offset: number;
  readonly instance: string;
  /** The step's name, or the event's. */
  readonly name: string;
  readonly outcome: "ok" | "refused" | "failed";
  readonly means: string;
  readonly mend: string | undefined;
  readonly rule: string | undefined;
  readonly expected: string | undefined;
  readonly received: string | undefined;
  readonly facts: Readonly<Record<string, string>>;
  /** What is to be seen only beside an earlier step. */
  readonly note: string | undefined;
}

/** What happened in an attempt, of all instances, in the order of time. */
export interface Timeline {
  readonly reference: string;
  readonly client: string | undefined;
  readonly subject: string | undefined;
  readonly resource: string | undefined;
  readonly outcome: "ok" | "refused" | "failed";
  /** What came of it, in a sentence, and what to do. */
  readonly conclusion: { readonly means: string; readonly mend: string | undefined };
  readonly entries: readonly TimelineEntry[];
  /** The reference of the app's registration, or of the reading of its document, where that is known. */
  readonly registration: string | undefined;
}

/** What the audit trail says as well. */
const saidBy: Readonly<Record<string, readonly TraceStepName[]>> = {
  sign_in: ["identity_proven"],
  sign_in_failed: ["sign_in_failed", "request_failed", "request_refused"],
  sign_in_denied: ["sign_in_failed"],
  sign_in_cancelled: ["sign_in_failed"],
  attempt_expired: ["request_refused"],
  consent_shown: ["consent_shown"],
  consent_approved: ["consent_approved"],
  consent_denied: ["consent_denied"],
  request_refused: ["request_refused"],
  limit_reached: ["request_refused"],
  client_authentication_failed: ["request_refused"],
  failure: ["request_failed"],
  access_refused: ["access_refused"],
};
/** What somebody does with an attempt that is another's, or over. */
const ofOthers = new Set<TraceStepName>(["other_browser", "attempt_over"]);

/** Steps that a person's browser took; the app's own requests come from elsewhere. */
const ofBrowsers = new Set<string>([
  "authorization_received",
  "provider_chosen",
  "browser_returned",
  "consent_shown",
  "consent_approved",
  "consent_denied",
  "account_switched",
]);

/**
 * The timeline of one attempt. A step and the audit event that says the same stand there once.
 * @param written the steps that were written down
 * @param recorded audit events with the attempt's reference
 * @param now milliseconds since 1970: what did not follow until then is told
 * @param trailBegin up to when older audit events are gone, milliseconds since 1970; 0: none are
 */
export function timelineOf(
  reference: string,
  written: readonly TraceStep[],
  recorded: readonly TraceEvent[],
  now: number,
  trailBegin = 0,
): Timeline | undefined {
  const { steps, events } = withAuditedSteps(reference, written, recorded);
  const told = events.filter(
    ({ name, time }) =>
      !steps.some((step) => saidBy[name]?.includes(step.step) && Math.abs(step.time - time) <= togetherMs),
  );
  const unordered = [...steps.map(ofStep), ...told.map(ofEvent)].toSorted((a, b) => a.time - b.time);
  const [first] = unordered;
  if (first === undefined) return undefined;
  const entries = withNotes(unordered.map((entry) => ({ ...entry, offset: entry.time - first.time })));
  const all = [...steps, ...events];
  const named = (key: "client" | "subject" | "resource") =>
    all.find((each) => each[key] !== undefined)?.[key];
  return {
    reference,
    client: named("client"),
    subject: named("subject"),
    resource: named("resource"),
    ...conclude(entries, steps, now, trailBegin),
    entries,
    registration: entries.map(({ facts }) => facts.registration ?? facts.document).find(Boolean),
  };
}

function ofStep(step: TraceStep): Omit<TimelineEntry, "offset"> {
  const { time, instance, outcome, rule, expected, received } = step;
  const facts = Object.fromEntries(
    Object.entries(step.facts ?? {}).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  const shown =
    step.step === "introspection_refused" ? inWordsOfIntrospection(facts.reason, facts) : { rule, facts };
  const about = { time, instance, name: step.step, outcome, expected, received, ...shown };
  return { ...about, ...meaningOf(step), note: undefined };
}

function ofEvent({
  time,
  instance,
  name,
  outcome,
  reason,
  resource,
  facts,
}: TraceEvent): Omit<TimelineEntry, "offset"> {
  const shown = Object.fromEntries(
    Object.entries(facts).map(([fact, value]) => [fact, String(value)] as const),
  );
  return {
    time,
    instance,
    name,
    outcome: outcome === "success" ? "ok" : outcome === "failure" ? "failed" : "refused",
    ...meaningOfEvent({ name, reason, resource, facts }),
    expected: undefined,
    received: undefined,
    ...(name === "introspection_refused"
      ? inWordsOfIntrospection(reason, shown)
      : { rule: reason, facts: shown }),
    note: undefined,
  };
}

/** Says where the browser or the network is another one than in the step before. */
function withNotes(entries: readonly TimelineEntry[]): TimelineEntry[] {
  let earlier: TimelineEntry["facts"] | undefined;
  return entries.map((entry) => {
    if (!ofBrowsers.has(entry.name)) return entry;
    const before = earlier;
    earlier = entry.facts;
    if (before === undefined) return entry;
    const differs = ["browser", "address"].filter((name) => before[name] !== entry.facts[name]);
    return differs.length === 0
      ? entry
      : { ...entry, note: `another ${differs.join(" and another ")} than in the step before` };
  });
}

function conclude(
  entries: readonly TimelineEntry[],
  steps: readonly TraceStep[],
  now: number,
  trailBegin: number,
): Pick<Timeline, "outcome" | "conclusion"> {
  const last = entries.at(-1);
  const step = steps.at(-1);
  // What others tried with this attempt is not how it ended, nor are calls long after.
  const names = steps.map(({ step: name }) => name).filter((name) => !ofOthers.has(name));
  // Of a call there are events alone, and one of them says what to do.
  const own =
    entries.findLast(({ name }) => name === names.at(-1)) ??
    entries.findLast((entry) => entry.mend !== undefined) ??
    last;
  const { outcome = "ok", means = "", mend } = own ?? {};
  const end = step && meaningOfEnd(step, (now - step.time) / 1000, trailBegin);
  return end === undefined
    ? { outcome, conclusion: { means, mend } }
    : { outcome: end.outcome, conclusion: { means: end.means, mend: end.mend } };
}
