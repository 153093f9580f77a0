import { DatabaseSync } from "node:sqlite";
import { Client } from "pg";

type Value = string | number | boolean | null;
export type Rows = Iterable<Readonly<Record<string, Value>>>;

/**
 * Puts many rows into a table at once, past the store: what would take hours through it is a matter of a
 * minute. Instants are seconds since 1970.
 */
export type Fill = (table: string, rows: Rows) => Promise<void>;

const batch = 50_000;

export async function fillSqlite(path: string, fill: (into: Fill) => Promise<void>): Promise<void> {
  const database = new DatabaseSync(path);
  database.exec("pragma synchronous = off; pragma cache_size = -500000; begin");
  await fill(async (table, rows) => {
    let insert: ReturnType<typeof database.prepare> | undefined;
    for (const row of rows) {
      const columns = Object.keys(row);
      insert ??= database.prepare(
        `insert into ${table} (${columns.join(", ")}) values (${columns.map(() => "?").join(", ")})`,
      );
      insert.run(...Object.values(row).map((value) => (typeof value === "boolean" ? Number(value) : value)));
    }
  });
  database.exec("commit; pragma wal_checkpoint(truncate)");
  database.close();
}

export async function fillPostgres(url: string, fill: (into: Fill) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await fill(async (table, rows) => {
    for (const some of batches(rows)) {
      const columns = Object.keys(some[0] ?? {}).join(", ");
      await client.query(
        `insert into ${table} (${columns}) select ${columns} from json_populate_recordset(null::${table}, $1)`,
        [JSON.stringify(some, withDates)],
      );
    }
    await client.query(`vacuum analyze ${table}`);
  });
  await client.end();
}

function* batches(rows: Rows) {
  let some: Readonly<Record<string, Value>>[] = [];
  for (const row of rows) {
    if (some.push(row) < batch) continue;
    yield some;
    some = [];
  }
  if (some.length > 0) yield some;
}

function withDates(name: string, value: unknown): unknown {
  const isInstant = typeof value === "number" && /_(?:at|time)$/.test(name);
  return isInstant ? new Date(value * 1000).toISOString() : value;
}
