import { StoreUnavailableError } from "../../oauth/ports.ts";
import { gather } from "../batch.ts";
import type { Row } from "../rows.ts";
import type { Database } from "./database.ts";

interface Wanted {
  readonly key: string;
  readonly resolve: (row: Row | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** Statements of one look-up in flight; what comes in the meantime goes together with the next, so a slow database is asked less often, not more. */
const mostInFlight = 4;
/** Milliseconds after which those in flight count as stuck, and are not waited for. */
const patience = 50;

/**
 * A look-up by a unique column. Those that arrive in one turn of the event loop become one statement; a lone one is as quick as if it were never gathered,
 * and has a statement of its own, which is cheaper to plan than one with an array.
 *
 * @param sql the statement that selects the rows where the condition handed in holds
 */
export function keyedLookup(
  database: Database,
  column: string,
  sql: (condition: string) => string,
): (key: string) => Promise<Row | undefined> {
  const one = database.prepare(sql(`${column} = $1`));
  const several = database.prepare(sql(`${column} = any($1)`));
  let waiting: Wanted[] = [];
  let inFlight = 0;
  let timer: NodeJS.Timeout | undefined;

  const send = async () => {
    clearTimeout(timer);
    timer = undefined;
    const wanted = waiting;
    waiting = [];
    inFlight++;
    await answer(wanted);
    inFlight--;
    if (waiting.length > 0) void send();
  };
  const answer = async (wanted: readonly Wanted[]) => {
    const keys = [...new Set(wanted.map(({ key }) => key))];
    const [first = ""] = keys;
    try {
      const asked = keys.length === 1 ? database.run(one, first) : database.run(several, keys);
      const found = new Map((await asked).rows.map((row) => [row[column], row]));
      for (const { key, resolve } of wanted) resolve(found.get(key));
    } catch (error) {
      if (wanted.length > 1 && !(error instanceof StoreUnavailableError)) {
        // One key made the statement fail for the others: each by itself, so that only the culprit fails.
        await Promise.all(wanted.map((each) => answer([each])));
        return;
      }
      for (const { reject } of wanted) reject(error);
    }
  };
  const enqueue = gather<Wanted>((wanted) => {
    waiting.push(...wanted);
    if (inFlight < mostInFlight) void send();
    else timer ??= setTimeout(() => void send(), patience);
  });
  return (key) => new Promise((resolve, reject) => enqueue({ key, resolve, reject }));
}
