import { gather } from "../batch.ts";
import type { Database } from "./database.ts";
import type { Row } from "./row.ts";

interface Wanted {
  readonly key: string;
  readonly resolve: (row: Row | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A look-up by key. Those that arrive in one turn of the event loop become one statement.
 *
 * @param column the key, unique
 * @param sql selects the rows whose key is in the array `$1`
 */
export function keyedLookup(
  database: Database,
  column: string,
  sql: string,
): (key: string) => Promise<Row | undefined> {
  const statement = database.prepare(sql);
  const answer = async (wanted: readonly Wanted[]) => {
    try {
      const { rows } = await database.run(statement, [...new Set(wanted.map(({ key }) => key))]);
      const found = new Map(rows.map((row) => [row[column], row]));
      for (const { key, resolve } of wanted) resolve(found.get(key));
    } catch (error) {
      for (const { reject } of wanted) reject(error);
    }
  };
  const enqueue = gather<Wanted>((wanted) => void answer(wanted));
  return (key) => new Promise((resolve, reject) => enqueue({ key, resolve, reject }));
}
