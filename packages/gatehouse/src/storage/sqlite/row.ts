import type { SQLOutputValue } from "node:sqlite";

/** A row as node:sqlite gives it. Our tables are STRICT, so a column's type is what the schema says. */
export type Row = Record<string, SQLOutputValue>;

/** Nullable text. */
export const text = (value: SQLOutputValue | undefined): string | undefined =>
  (value as string | null) ?? undefined;

/** Text whose absence is the empty string, as in the tables other services read. */
export const filled = (value: SQLOutputValue | undefined): string | undefined =>
  (value as string) || undefined;
