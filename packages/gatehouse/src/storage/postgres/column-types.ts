import { types } from "pg";
import type { Seconds } from "../../oauth/values.ts";

/** A parameter for a `timestamptz`. */
export const instant = (at: Seconds): string => new Date(at * 1000).toISOString();

/** A parameter for a `timestamptz` that may be null. */
export const instantOrNull = (at: Seconds | undefined): string | null =>
  at === undefined ? null : instant(at);

const int8 = 20;
const timestamptz = 1184;

/**
 * How columns arrive: as the driver does it, but instants as whole seconds since 1970, and counts as numbers
 * (CockroachDB's integers have 8 bytes).
 */
export const columnTypes = {
  getTypeParser: (oid: number, format?: "text" | "binary") => {
    if (oid === timestamptz) return toSeconds;
    if (oid === int8) return Number;
    return types.getTypeParser(oid, format);
  },
} as { getTypeParser: typeof types.getTypeParser };

/** `2027-01-15 08:00:00.25+00`, as a connection of ours prints an instant. */
function toSeconds(printed: string): number {
  const part = (from: number, to: number) => Number(printed.slice(from, to));
  return Date.UTC(part(0, 4), part(5, 7) - 1, part(8, 10), part(11, 13), part(14, 16), part(17, 19)) / 1000;
}
