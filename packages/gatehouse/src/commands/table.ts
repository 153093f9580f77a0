import { oneLine } from "../oauth/harmless.ts";

/**
 * Rows in aligned columns under their headings. What stands in the cells may come from strangers and is made
 * harmless.
 * @param maxLength of a cell, in characters
 */
export function formatTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  maxLength?: number,
): string {
  const lines = [headings, ...rows.map((row) => row.map((cell) => oneLine(cell, maxLength)))];
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** `1 grant`, `2 grants` */
export const several = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;

/** A size as people read it. */
export function formatBytes(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  const unit = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  return `${unit === 0 ? bytes : (bytes / 1000 ** unit).toFixed(1)} ${units[unit]}`;
}
