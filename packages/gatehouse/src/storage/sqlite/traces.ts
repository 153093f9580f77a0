import { maxTraceSteps, type TraceStore } from "../../oauth/store/traces.ts";
import type { TraceStep } from "../../oauth/trace-step.ts";
import { stepByStep } from "../ending.ts";
import { additionsOf, boundsOf, pageOf, placed, surplusOf, traces } from "../traces.ts";
import type { Database, Value } from "./database.ts";

/** Attempts whose bytes are added up before others have the process: less than a millisecond. */
const countedAtOnce = 5000;

export function traceOperations(database: Database): TraceStore {
  const add = database.prepare(
    `insert into gatehouse_traces
       (reference, first_at, last_at, client_id, subject, last_step, outcome, signed_in, steps, bytes)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (reference) do update set
       first_at = min(first_at, excluded.first_at),
       last_at = max(last_at, excluded.last_at),
       client_id = coalesce(client_id, excluded.client_id),
       subject = coalesce(subject, excluded.subject),
       last_step = case when excluded.last_at >= last_at then excluded.last_step else last_step end,
       outcome = case when excluded.last_at >= last_at then excluded.outcome else outcome end,
       signed_in = max(signed_in, excluded.signed_in),
       steps = steps + excluded.steps,
       bytes = bytes + case when steps < ? then excluded.bytes else 0 end
     returning steps`,
  );
  const addStep = database.prepare(
    "insert into gatehouse_trace_steps (reference, place, step) values (?, ?, ?)",
  );
  const find = database.prepare(
    "select step from gatehouse_trace_steps where reference = ? order by reference, place",
  );
  const list = (condition: string) =>
    database.prepare(
      `select ${traces.columns} from gatehouse_traces
       where ${condition} last_at >= ? and (last_at, reference) < (?, ?)
       order by last_at desc, reference desc limit ?`,
    );
  const listAll = list("");
  const listOfClient = list("client_id = ? and");
  const listOfSubject = list("subject = ? and");
  const listOfBoth = list("subject = ? and client_id = ? and");
  const old = database.prepare(
    `delete from gatehouse_traces where reference in
       (select reference from gatehouse_traces where last_at < ? order by last_at limit ?)`,
  );
  // By the index alone, part by part.
  const ofKind = "from gatehouse_traces where signed_in = ? and (last_at, bytes, reference) > (?, ?, ?)";
  const bound = database.prepare(
    `select last_at, bytes, reference ${ofKind} order by last_at, bytes, reference limit 1 offset ${countedAtOnce - 1}`,
  );
  const sumUpTo = database.prepare(
    `select coalesce(sum(bytes), 0) ${ofKind} and (last_at, bytes, reference) <= (?, ?, ?)`,
  );
  const sumRest = database.prepare(`select coalesce(sum(bytes), 0) ${ofKind}`);
  const oldest = database.prepare(
    "select reference, bytes from gatehouse_traces where signed_in = ? order by last_at limit ?",
  );
  const remove = database.prepare("delete from gatehouse_traces where reference = ?");
  return {
    appendTraceSteps: (steps) => {
      const additions = additionsOf(steps);
      return database.writeWithOthers(() => {
        for (const { texts, ...each } of additions) {
          const { reference, first, last, client, subject, step, outcome, bytes } = each;
          const signedIn = subject === undefined ? 0 : 1;
          const values: Value[] = [reference, first, last, client ?? null, subject ?? null, step, outcome];
          const row = add.get(...values, signedIn, each.steps, bytes, maxTraceSteps);
          for (const { place, text } of placed(texts, Number(row?.[0]))) addStep.run(reference, place, text);
        }
      });
    },
    findTrace: (reference) =>
      database.read(() => find.all(reference).map(([step]) => JSON.parse(step as string) as TraceStep)),
    findTraces: (query, { limit, after }) =>
      database.read(() => {
        const { since, at, reference } = boundsOf(query, after);
        const { client, subject } = query;
        const page: Value[] = [since, at, reference, limit + 1];
        if (subject !== undefined && client !== undefined)
          return pageOf(listOfBoth.all(subject, client, ...page), limit);
        if (subject !== undefined) return pageOf(listOfSubject.all(subject, ...page), limit);
        if (client !== undefined) return pageOf(listOfClient.all(client, ...page), limit);
        return pageOf(listAll.all(...page), limit);
      }),
    countTraceBytes: async () => {
      const count = (signedIn: 0 | 1) => {
        let bytes = 0;
        let from: readonly Value[] = [-1, 0, ""];
        return stepByStep(() =>
          database.read(() => {
            const to = bound.get(signedIn, ...from) as readonly Value[] | undefined;
            const [sum] = (to ? sumUpTo.get(signedIn, ...from, ...to) : sumRest.get(signedIn, ...from)) ?? [];
            bytes += Number(sum);
            from = to ?? from;
            return to ? undefined : bytes;
          }),
        );
      };
      return { signedIn: await count(1), other: await count(0) };
    },
    trimTraces: ({ before, bytes }, limit) =>
      database.write(() => {
        let attempts = Number(old.run(before, limit).changes);
        const trim = (signedIn: 0 | 1, excess: number) => {
          if (excess <= 0) return 0;
          const gone = surplusOf(oldest.all(signedIn, limit), excess);
          for (const reference of gone.references) remove.run(reference);
          attempts += gone.references.length;
          return gone.bytes;
        };
        const gone = { signedIn: trim(1, bytes.signedIn), other: trim(0, bytes.other) };
        return { attempts, bytes: gone };
      }),
  };
}
