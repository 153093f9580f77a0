import type { Row } from "./layout.ts";

/** Rows a page: short enough that nobody waits for a statement or a transaction over one. */
export const pageSize = 500;

/**
 * Goes through a table in the order of its key, so that it needs no index for what it looks for: page after
 * page, from behind the last key of the one before. Whatever was committed before the first page was read is
 * seen.
 *
 * @param read up to `pageSize` rows whose key, the first column, is greater
 * @param visit is told the rows of each page
 */
export async function everyPage(
  read: (after: string) => Promise<readonly Row[]>,
  visit: (rows: readonly Row[]) => Promise<void>,
): Promise<void> {
  let last: string | undefined = "";
  while (last !== undefined) {
    const rows = await read(last);
    if (rows.length > 0) await visit(rows);
    last = rows.length < pageSize ? undefined : (rows.at(-1)?.[0] as string);
  }
}

/** Rows a page where they are only counted. */
export const countedPageSize = 5000;

/**
 * Counts in the same way.
 * @param read of up to `countedPageSize` rows whose key is greater: the last key, how many count, how many
 * there are
 */
export async function countedByPage(read: (after: string) => Promise<Row | undefined>): Promise<number> {
  let total = 0;
  for (let last = ""; ; ) {
    const [end, counted, rows] = (await read(last)) ?? [];
    total += Number(counted ?? 0);
    if (Number(rows ?? 0) < countedPageSize) return total;
    last = String(end);
  }
}
