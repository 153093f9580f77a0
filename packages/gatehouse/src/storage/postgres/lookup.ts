import type { Row } from "../rows.ts";
import type { Database } from "./database.ts";
import { gathered } from "./gathered.ts";

/**
 * A look-up by a unique column. Those that arrive together are one statement; a lone one has a statement of its own, which is cheaper to plan than one with an
 * array.
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
  return gathered<string, Row | undefined>({
    perform: async (wanted) => {
      const keys = [...new Set(wanted)];
      const [first = ""] = keys;
      const asked = keys.length === 1 ? database.run(one, first) : database.run(several, keys);
      const found = new Map((await asked).rows.map((row) => [row[column], row]));
      return wanted.map((key) => found.get(key));
    },
  });
}
