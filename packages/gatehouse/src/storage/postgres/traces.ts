import { maxTraceSteps, type TraceStore } from "../../oauth/store/traces.ts";
import type { TraceStep } from "../../oauth/trace-step.ts";
import type { Value } from "../layout.ts";
import { additionsOf, boundsOf, pageOf, placed, surplusOf, traces } from "../traces.ts";
import type { Database } from "./database.ts";

export function traceOperations(database: Database): TraceStore {
  const later = "excluded.last_at >= gatehouse_traces.last_at";
  const add = database.prepare(
    `insert into gatehouse_traces
       (reference, first_at, last_at, client_id, subject, last_step, outcome, signed_in, steps, bytes)
     select reference, first_at, last_at, client_id, subject, last_step, outcome, signed_in, steps, bytes
     from json_to_recordset($1) as added
       (reference text, first_at bigint, last_at bigint, client_id text, subject text, last_step text, outcome text,
        signed_in bool, steps bigint, bytes bigint)
     order by reference
     on conflict (reference) do update set
       first_at = case when excluded.first_at < gatehouse_traces.first_at then excluded.first_at else gatehouse_traces.first_at end,
       last_at = case when ${later} then excluded.last_at else gatehouse_traces.last_at end,
       client_id = coalesce(gatehouse_traces.client_id, excluded.client_id),
       subject = coalesce(gatehouse_traces.subject, excluded.subject),
       last_step = case when ${later} then excluded.last_step else gatehouse_traces.last_step end,
       outcome = case when ${later} then excluded.outcome else gatehouse_traces.outcome end,
       signed_in = gatehouse_traces.signed_in or excluded.signed_in,
       steps = gatehouse_traces.steps + excluded.steps,
       bytes = gatehouse_traces.bytes + case when gatehouse_traces.steps < $2 then excluded.bytes else 0 end
     returning reference, steps`,
  );
  const addSteps = database.prepare(
    `insert into gatehouse_trace_steps (reference, place, step)
     select reference, place, step from json_to_recordset($1) as added (reference text, place bigint, step text)`,
  );
  const find = database.prepare(
    "select step from gatehouse_trace_steps where reference = $1 order by reference, place",
  );
  const list = (condition: string) =>
    database.prepare(
      `select ${traces.columns} from gatehouse_traces
       where ${condition} last_at >= $1 and (last_at, reference) < ($2, $3)
       order by last_at desc, reference desc limit $4`,
    );
  const listAll = list("");
  const listOfClient = list("client_id = $5 and");
  const listOfSubject = list("subject = $5 and");
  const listOfBoth = list("subject = $5 and client_id = $6 and");
  const old = database.prepare(
    `delete from gatehouse_traces where reference in
       (select reference from gatehouse_traces where last_at < $1 order by last_at limit $2) and last_at < $1`,
  );
  const total = database.prepare("select signed_in, sum(bytes) from gatehouse_traces group by signed_in");
  const oldest = database.prepare(
    "select reference, bytes from gatehouse_traces where signed_in = $1 order by last_at limit $2",
  );
  // Whoever signed in meanwhile is another kind by now.
  const remove = database.prepare(
    "delete from gatehouse_traces where reference = any($1) and signed_in = $2 returning bytes",
  );
  return {
    appendTraceSteps: async (steps) => {
      const additions = additionsOf(steps);
      const rows = additions.map(({ reference, first, last, client, subject, step, outcome, ...each }) => ({
        reference,
        first_at: first,
        last_at: last,
        client_id: client ?? null,
        subject: subject ?? null,
        last_step: step,
        outcome,
        signed_in: subject !== undefined,
        steps: each.steps,
        bytes: each.bytes,
      }));
      await database.transaction(async (run) => {
        const counts = new Map(
          (await run(add, JSON.stringify(rows), maxTraceSteps)).rows as [string, number][],
        );
        const stored = additions.flatMap(({ reference, texts }) =>
          placed(texts, Number(counts.get(reference))).map(({ place, text }) => ({
            reference,
            place,
            step: text,
          })),
        );
        await run(addSteps, JSON.stringify(stored));
      });
    },
    findTrace: async (reference) =>
      (await database.run(find, reference)).rows.map(([step]) => JSON.parse(step as string) as TraceStep),
    findTraces: async (query, { limit, after }) => {
      const { since, at, reference } = boundsOf(query, after);
      const { client, subject } = query;
      const page: Value[] = [since, at, reference, limit + 1];
      const found = () => {
        if (subject !== undefined && client !== undefined)
          return database.run(listOfBoth, ...page, subject, client);
        if (subject !== undefined) return database.run(listOfSubject, ...page, subject);
        if (client !== undefined) return database.run(listOfClient, ...page, client);
        return database.run(listAll, ...page);
      };
      return pageOf((await found()).rows, limit);
    },
    countTraceBytes: async () => {
      const { rows } = await database.run(total);
      const bytesOf = (signedIn: boolean) => Number(rows.find(([kind]) => kind === signedIn)?.[1] ?? 0);
      return { signedIn: bytesOf(true), other: bytesOf(false) };
    },
    trimTraces: async ({ before, bytes }, limit) => {
      let attempts = (await database.run(old, before, limit)).changes;
      const trim = async (signedIn: boolean, excess: number) => {
        if (excess <= 0) return 0;
        const { references } = surplusOf((await database.run(oldest, signedIn, limit)).rows, excess);
        const { rows } = await database.run(remove, references, signedIn);
        attempts += rows.length;
        return rows.reduce((sum, [size]) => sum + Number(size), 0);
      };
      const gone = { signedIn: await trim(true, bytes.signedIn), other: await trim(false, bytes.other) };
      return { attempts, bytes: gone };
    },
  };
}
