import type { AuditEvent, Trace } from "../../oauth/ports.ts";
import type { TraceOutcome, WrittenStepName } from "../../oauth/trace-step.ts";

/**
 * What happens to a grant after its attempt, as a step of that attempt: only what ends something or is
 * refused. Successful refreshes and calls write nothing (Z07).
 */
const steps: Partial<Record<AuditEvent["name"], readonly [WrittenStepName, TraceOutcome]>> = {
  refresh_reused: ["refresh_refused", "refused"],
  access_lost: ["access_lost", "refused"],
  token_revoked: ["grant_ended", "ok"],
  app_disconnected: ["grant_ended", "ok"],
  introspection_refused: ["introspection_refused", "failed"],
  person_unconfirmed: ["access_lost", "refused"],
};

/** Takes an event down as a step of the attempt that its grant came from, where it is one of these. */
export function traceLaterEvent(trace: Trace, event: AuditEvent): void {
  if (event.attempt === undefined || event.attempt === event.request) return;
  const known = steps[event.name];
  if (known === undefined) return;
  const [step, outcome] = known;
  const { client, subject, resource, grant, reason, detail, address, request } = event;
  const facts = { event: event.name, grant, reason, detail, address, see: request };
  trace.step({ reference: event.attempt, step, outcome, client, subject, resource, facts });
}
