import { withoutValues } from "../../oauth/clients/request-facts.ts";
import { auditedSteps, type TraceStep, type TraceStepName } from "../../oauth/trace-step.ts";

/** What a timeline needs of an audit record. */
export interface TraceEvent {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly instance: string;
  readonly name: string;
  readonly outcome: "success" | "failure" | "refused";
  readonly reason?: string | undefined;
  readonly client?: string | undefined;
  readonly subject?: string | undefined;
  readonly resource?: string | undefined;
  readonly grant?: string | undefined;
  readonly address?: string | undefined;
  readonly userAgent?: string | undefined;
  readonly facts: Readonly<Record<string, string | number | boolean>>;
}

/** The events that tell a step which nobody writes down. */
export const auditedEvents = Object.keys(auditedSteps) as readonly (keyof typeof auditedSteps)[];

/** The step that a record of the audit trail tells; `undefined`: it tells none. */
export function stepOfEvent(reference: string, event: TraceEvent): TraceStep | undefined {
  const { name, time, instance, client, subject, resource } = event;
  // One with a number stands for several of which no more is known.
  if (!isAudited(name) || event.outcome !== "success" || event.facts.count !== undefined) return undefined;
  const facts = { ...factsOf[name](event), address: event.address, browser: event.userAgent };
  const about = { client, subject, resource, facts };
  return { reference, time, instance, step: auditedSteps[name], outcome: "ok", ...about };
}

const isAudited = (name: string): name is keyof typeof auditedSteps => Object.hasOwn(auditedSteps, name);

const factsOf: Record<keyof typeof auditedSteps, (event: TraceEvent) => TraceStep["facts"]> = {
  code_redeemed: ({ grant, facts: { scope, terms } }) => ({
    grant,
    scope: text(scope) || "none",
    given: text(terms),
  }),
  client_registered: ({ facts: { detail, redirectUri, terms } }) => ({
    app: text(detail),
    "answers go to": text(redirectUri)?.split(" ").map(withoutValues).join(" or "),
    "registered for": text(terms),
  }),
};

const text = (fact: string | number | boolean | undefined) => (fact === undefined ? undefined : String(fact));

/** Milliseconds that a step and the event that says the same may be apart. */
export const togetherMs = 2000;

/**
 * The steps of an attempt with those that its events tell, in their order, and the events that tell none.
 * What stands there as a step already, as earlier versions wrote it, is told once.
 */
export function withAuditedSteps<T extends TraceEvent>(
  reference: string,
  written: readonly TraceStep[],
  events: readonly T[],
): { readonly steps: readonly TraceStep[]; readonly events: readonly T[] } {
  const audited: TraceStep[] = [];
  const others: T[] = [];
  for (const event of events) {
    const step = stepOfEvent(reference, event);
    if (step === undefined) others.push(event);
    else if (!isAmong(written, step)) audited.push(step);
  }
  return { steps: inOrder(written, audited), events: others };
}

/** Whether what the audit trail tells was written down as well. */
export const isAmong = (written: readonly TraceStep[], { step, time }: TraceStep): boolean =>
  written.some((each) => each.step === step && Math.abs(each.time - time) <= togetherMs);

/** What happens to tokens, and so behind them. */
const ofTokens = new Set<TraceStepName>([
  "refresh_refused",
  "access_lost",
  "grant_ended",
  "introspection_refused",
]);

/**
 * Steps that were written down, with those that the audit trail tells at their places. Tokens come of a code
 * that was sent, and before whatever happens to them, whatever the clocks of several computers say.
 */
export function inOrder(written: readonly TraceStep[], audited: readonly TraceStep[]): readonly TraceStep[] {
  const steps = [...written];
  for (const step of audited) {
    const isBehind = ({ reference, step: name, time }: TraceStep) => {
      if (step.step !== "tokens_issued" || reference !== step.reference) return time > step.time;
      return name !== "code_sent" && (ofTokens.has(name) || time > step.time);
    };
    steps.splice(steps.findLastIndex((each) => !isBehind(each)) + 1, 0, step);
  }
  return steps;
}
