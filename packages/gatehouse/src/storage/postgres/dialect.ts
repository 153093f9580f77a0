import {
  type Dialect,
  type Layout,
  valuesOf as layoutValues,
  type Value,
  type WritableLayout,
  type Written,
} from "../layout.ts";
import { instant } from "./column-types.ts";

const dialect: Dialect = { instant, flag: (is) => is, list: (items) => items };

/** The values of a record's columns, in their order. */
export function valuesOf<T>(layout: WritableLayout<T>, record: T): Value[] {
  return layoutValues(layout, record, dialect);
}

/** As many nulls, in place of a record that there is not. */
export function noValues({ names }: Layout<unknown>): null[] {
  return names.map(() => null);
}

/** A record for {@link recordset}. */
export function written<T>(layout: WritableLayout<T>, record: T): Written {
  return layout.write(record, dialect);
}

/** The parameters of a record's columns with their types. @param first its number */
export function parameters({ types }: Layout<unknown>, first: number): string {
  return types.map((type, at) => `$${first + at}::${type}`).join(", ");
}

/** A layout's columns with their types, for records that come as JSON. */
export function typedColumns({ names, types }: Layout<unknown>): string {
  return names.map((name, at) => `${name} ${types[at]}`).join(", ");
}

/** Records that come as JSON: as many as there are, with one parameter. */
export function recordset(layout: Layout<unknown>, parameter: string, name: string): string {
  return `select * from json_to_recordset(${parameter}) as ${name} (${typedColumns(layout)})`;
}

/** A layout's columns of a table or {@link recordset}. */
export function columnsOf({ names }: Layout<unknown>, table: string): string {
  return names.map((name) => `${table}.${name}`).join(", ");
}
