import type { Explained } from "../../messages/console-page.ts";
import type { TraceStep } from "../../trace-step.ts";
import type { Subject } from "../../values.ts";
import { type Asked, type ConsolePath, nextPart, rowsAtOnce, show } from "./asked.ts";

/** Events of an attempt stand in the audit trail while it goes on, and a little behind. */
const aroundMs = 60_000;
const eventsShown = 200;

/** Attempts to authorize, the latest first; of one client or person, who may be named by an address. */
export const flows: ConsolePath = {
  async get(asked) {
    const { request, services, path } = asked;
    const after = request.query.get("after");
    const client = request.query.get("client");
    const person = request.query.get("person")?.trim();
    const subject = await subjectOf(asked, person);
    const query = { ...(client !== undefined && { client }), ...(subject !== undefined && { subject }) };
    const isNobody = person !== undefined && subject === undefined;
    const { traces, next } = isNobody
      ? { traces: [], next: undefined }
      : await services.store.findTraces(query, { limit: rowsAtOnce, after });
    return show(asked, {
      kind: "flows",
      client,
      subject: person,
      notFound: isNobody ? person : undefined,
      flows: traces,
      next: nextPart(path, { client, person }, next),
      isFirst: after === undefined,
    });
  },
};

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
  readonly explainEvent: (name: string) => Explained | undefined;
}

/** One attempt: its steps, and what the audit trail has under its reference. */
export const flow = ({ explainStep, explainEvent }: Explains): ConsolePath => ({
  async get(asked) {
    const { store } = asked.services;
    const reference = asked.request.query.get("reference")?.trim().toUpperCase() ?? "";
    if (!/^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$/.test(reference)) return show(asked, { kind: "missing" });
    const steps = await store.findTrace(reference);
    const [first, last] = [steps[0], steps.at(-1)];
    if (first === undefined || last === undefined) return show(asked, { kind: "missing" });
    const { records } = await store.findAudit(
      { reference, since: first.time - aroundMs, until: last.time + aroundMs },
      { order: "oldest", limit: eventsShown },
    );
    const all = [
      ...steps.map((entry) => ({ entry, ...explainStep(entry) })),
      ...records.map((entry) => ({ entry, ...explainEvent(entry.name) })),
    ];
    all.sort((a, b) => a.entry.time - b.entry.time);
    return show(asked, { kind: "flow", reference, steps: all });
  },
});
