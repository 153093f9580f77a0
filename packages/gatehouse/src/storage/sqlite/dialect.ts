import { type Dialect, valuesOf as layoutValues, type WritableLayout } from "../layout.ts";
import type { Database, Value } from "./database.ts";

/** Instants are whole seconds since 1970. */
const dialect: Dialect = {
  instant: (at) => at,
  flag: Number,
  list: (items) => JSON.stringify(items),
};

/** The values of a record's columns, in their order. */
export function valuesOf<T>(layout: WritableLayout<T>, record: T): Value[] {
  return layoutValues(layout, record, dialect) as Value[]; // the dialect makes no others
}

/** Stores a record as it stands in its layout. */
export function insertInto<T>(
  database: Database,
  table: string,
  layout: WritableLayout<T>,
): (record: T) => void {
  const insert = database.prepare(
    `insert into ${table} (${layout.columns}) values (${placeholders(layout.names.length)})`,
  );
  return (record) => void insert.run(...valuesOf(layout, record));
}

export function placeholders(count: number): string {
  return Array.from({ length: count }, () => "?").join(", ");
}
