import type { Seconds } from "../oauth/values.ts";

/*
 * How a record stands in a table: its columns, each named once, in the line that reads it. From that line
 * come the list of columns to select, the reader, and, on PostgreSQL, the types of values that are handed in.
 * What the columns are written with stands beside it.
 *
 * Rows arrive as arrays, which takes half the time of objects, and are read by position. Instants arrive as
 * whole seconds since 1970. Otherwise a column holds what the schema says, so nothing is checked again here.
 */

export type Row = readonly unknown[];
export type Value = string | number | boolean | null | readonly string[];

/** The types of PostgreSQL; SQLite has text and integers in their place. */
type ColumnType = "text" | "text[]" | "int" | "bool" | "timestamptz";

/** Reads the next column of a row. Every column must be read, whatever the others hold. */
export interface Columns {
  text<T extends string = string>(name: string): T;
  /** Nullable text. */
  optionalText<T extends string = string>(name: string): T | undefined;
  /** Text whose absence is the empty string, as in the tables other services read; or null. */
  filledText<T extends string = string>(name: string): T | undefined;
  integer(name: string): number;
  optionalInteger(name: string): number | undefined;
  instant(name: string): Seconds;
  optionalInstant(name: string): Seconds | undefined;
  flag(name: string): boolean;
  list(name: string): readonly string[];
  /** JSON in text. */
  json<T>(name: string): T;
  /** The same, nullable. */
  optionalJson<T>(name: string): T | undefined;
}

/** How one of the databases holds what SQL has no common type for. */
export interface Dialect {
  instant(at: Seconds): Value;
  flag(is: boolean): Value;
  list(items: readonly string[]): Value;
}

/** What to write, by the names of the columns. */
export type Written = Readonly<Record<string, Value>>;

export interface Layout<T> {
  readonly names: readonly string[];
  /** The names, as they stand in a statement. */
  readonly columns: string;
  readonly types: readonly ColumnType[];
  /** @param row of `columns`; may have more behind them */
  read(row: Row): T;
}

export interface WritableLayout<T> extends Layout<T> {
  write(record: T, dialect: Dialect): Written;
}

/**
 * @param describe makes a record of its columns, in the order in which it reads them
 * @param write the values of the same columns, in any order
 */
export function layout<T>(describe: (column: Columns) => T): Layout<T>;
export function layout<T>(
  describe: (column: Columns) => T,
  write: (record: T, dialect: Dialect) => Written,
): WritableLayout<T>;
export function layout<T>(
  describe: (column: Columns) => T,
  write?: (record: T, dialect: Dialect) => Written,
): Layout<T> & { readonly write: typeof write } {
  const named = new NamedColumns();
  describe(named);
  const { names, types } = named;
  const read = (row: Row): T => {
    reader.row = row;
    reader.at = 0;
    const record = describe(reader);
    if (reader.at !== names.length) throw new Error(`not every column was read of ${names.join(", ")}`);
    return record;
  };
  return { names, columns: names.join(", "), types, read, write };
}

/** What was looked for, if a row was found. */
export const found = <T>(row: Row | undefined, { read }: Layout<T>): T | undefined => row && read(row);

/** A value for a column of JSON; nothing becomes null, which leaves a column that is coalesced as it is. */
export const jsonOrNull = (value: unknown): string | null =>
  value === undefined ? null : JSON.stringify(value);

/** The values of a layout's columns, in their order. */
export function valuesOf<T>({ names, write }: WritableLayout<T>, record: T, dialect: Dialect): Value[] {
  const written = write(record, dialect);
  return names.map((name) => written[name] ?? null);
}

/** Takes down the columns' names and types, and gives what any record can be made of. */
class NamedColumns implements Columns {
  readonly names: string[] = [];
  readonly types: ColumnType[] = [];

  #add<T>(name: string, type: ColumnType, value: unknown): T {
    this.names.push(name);
    this.types.push(type);
    return value as T;
  }

  text = <T>(name: string): T => this.#add(name, "text", "");
  optionalText = (name: string): undefined => this.#add(name, "text", undefined);
  filledText = (name: string): undefined => this.#add(name, "text", undefined);
  integer = (name: string): number => this.#add(name, "int", 0);
  optionalInteger = (name: string): undefined => this.#add(name, "int", undefined);
  instant = (name: string): Seconds => this.#add(name, "timestamptz", 0);
  optionalInstant = (name: string): undefined => this.#add(name, "timestamptz", undefined);
  flag = (name: string): boolean => this.#add(name, "bool", false);
  list = (name: string): string[] => this.#add(name, "text[]", []);
  json = <T>(name: string): T => this.#add(name, "text", []); // can be gone through, and spread
  optionalJson = (name: string): undefined => this.#add(name, "text", undefined);
}

/** Reads one row after the other. The names are for people: the position decides. */
class RowReader implements Columns {
  row: Row = [];
  at = 0;

  text<T>(_name: string): T {
    return this.row[this.at++] as T;
  }
  optionalText<T>(_name: string): T | undefined {
    return (this.row[this.at++] as T | null) ?? undefined;
  }
  filledText<T>(_name: string): T | undefined {
    return (this.row[this.at++] as T | null) || undefined;
  }
  integer(_name: string): number {
    return this.row[this.at++] as number;
  }
  optionalInteger(_name: string): number | undefined {
    return (this.row[this.at++] as number | null) ?? undefined;
  }
  instant(_name: string): Seconds {
    return this.row[this.at++] as Seconds;
  }
  optionalInstant(_name: string): Seconds | undefined {
    return (this.row[this.at++] as Seconds | null) ?? undefined;
  }
  flag(_name: string): boolean {
    return Boolean(this.row[this.at++]);
  }
  list(_name: string): readonly string[] {
    const value = this.row[this.at++];
    return (typeof value === "string" ? JSON.parse(value) : value) as string[];
  }
  json<T>(_name: string): T {
    return JSON.parse(this.row[this.at++] as string) as T;
  }
  optionalJson<T>(_name: string): T | undefined {
    const value = this.row[this.at++];
    if (value === "[]") return [] as T; // no groups, as most people: it is read at each call
    return typeof value === "string" ? (JSON.parse(value) as T) : undefined;
  }
}

const reader = new RowReader();
