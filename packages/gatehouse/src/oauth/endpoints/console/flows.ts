import type { AuditRecord } from "../../audit-record.ts";
import type { Explained, FlowsView } from "../../messages/console-page.ts";
import type { Store } from "../../store.ts";
import type { TraceStep } from "../../trace-step.ts";
import type { Subject } from "../../values.ts";
import { type Asked, type ConsolePath, nextPart, rowsAtOnce, show } from "./asked.ts";

/** Reads attempts with what the audit trail tells of them. */
export interface ReadsAttempts {
  /** As the store lists them, with registrations, the tokens that came of an attempt, and how it stands. */
  readonly listAttempts: (
    ...about: Parameters<Store["findTraces"]>
  ) => Promise<Pick<FlowsView, "flows" | "next">>;
  /** The steps of one, the audit events under its reference that tell none, and what it came to. */
  readonly readAttempt: (reference: string) => Promise<{
    readonly steps: readonly TraceStep[];
    readonly events: readonly AuditRecord[];
    readonly conclusion: Explained | undefined;
  }>;
}

/** Attempts to authorize, the latest first; of one client or person, who may be named by an address. */
export const flows = ({ listAttempts }: ReadsAttempts): ConsolePath => ({
  async get(asked) {
    const { request, path } = asked;
    const after = request.query.get("after");
    const client = request.query.get("client");
    const person = request.query.get("person")?.trim();
    const subject = await subjectOf(asked, person);
    const query = { ...(client !== undefined && { client }), ...(subject !== undefined && { subject }) };
    const isNobody = person !== undefined && subject === undefined;
    const found = isNobody
      ? { flows: [], next: undefined }
      : await listAttempts(query, { limit: rowsAtOnce, after });
    return show(asked, {
      kind: "flows",
      client,
      subject: person,
      notFound: isNobody ? person : undefined,
      flows: found.flows,
      next: nextPart(path, { client, person }, found.next),
      isFirst: after === undefined,
    });
  },
});

/** By an address, or a subject; `undefined`: there is nobody. */
export async function subjectOf(
  { services }: Asked,
  person: string | undefined,
): Promise<Subject | undefined> {
  if (person === undefined) return undefined;
  if (person.startsWith("user_")) return person as Subject;
  const [account] = await services.store.findAccounts(person);
  return account?.subject;
}

interface Explains {
  readonly explainStep: (step: TraceStep) => Explained;
  readonly explainEvent: (event: AuditRecord) => Explained | undefined;
}

/** One attempt: its steps, and what else the audit trail has under its reference. */
export const flow = ({ explainStep, explainEvent, readAttempt }: Explains & ReadsAttempts): ConsolePath => ({
  async get(asked) {
    const reference = asked.request.query.get("reference")?.trim().toUpperCase() ?? "";
    if (!/^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$/.test(reference)) return show(asked, { kind: "missing" });
    const { steps, events, conclusion } = await readAttempt(reference);
    if (steps.length === 0) return show(asked, { kind: "missing" });
    const all = [
      ...steps.map((entry) => ({ entry, ...explainStep(entry) })),
      ...events.map((entry) => ({ entry, ...explainEvent(entry) })),
    ];
    all.sort((a, b) => a.entry.time - b.entry.time);
    const isSaid = all.some(({ means }) => means === conclusion?.means);
    return show(asked, {
      kind: "flow",
      reference,
      steps: all,
      conclusion: isSaid ? undefined : conclusion,
    });
  },
});
