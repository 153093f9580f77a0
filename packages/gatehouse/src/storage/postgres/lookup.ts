import { batched } from "../batching.ts";
import type { Row } from "../layout.ts";
import type { Database } from "./database.ts";

/** Rows of a table that are looked up one by one. */
export interface Keyed {
  readonly columns: string;
  readonly table: string;
  /** The unique column they are looked up by. */
  readonly key: string;
  /** What holds besides. */
  readonly condition?: string;
}

/**
 * A look-up by a unique column. Those that arrive together are one statement; a lone one has a statement of
 * its own, which is cheaper to plan than one with an array.
 */
export function keyedLookup(
  database: Database,
  { columns, table, key, condition = "true" }: Keyed,
): (wanted: string) => Promise<Row | undefined> {
  const select = `select ${columns}, ${key} from ${table} where ${condition} and ${key}`;
  const one = database.prepare(`${select} = $1`);
  const several = database.prepare(`${select} = any($1)`);
  return batched(async (wanted: readonly string[]) => {
    const keys = [...new Set(wanted)];
    const [first = ""] = keys;
    const { rows } = await (keys.length === 1 ? database.run(one, first) : database.run(several, keys));
    const found = new Map(rows.map((row) => [row.at(-1), row]));
    return wanted.map((each) => found.get(each));
  });
}
