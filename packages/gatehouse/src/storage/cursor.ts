import type { ListedPage } from "../oauth/store/listing.ts";
import type { Row } from "./layout.ts";

/*
 * Where a part of a list ended: the values of the columns that it is ordered by, in its last row. For whoever
 * passes them on they are one word.
 */

export type Cursor = readonly [order: string, key: string];

function write(cursor: Cursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString("base64url");
}

/** `undefined` for what is none, as for the beginning of a list. */
export function readCursor(text: string | undefined): Cursor | undefined {
  if (text === undefined || text.length > 2048) return undefined;
  try {
    const cursor: unknown = JSON.parse(Buffer.from(text, "base64url").toString());
    const isOne =
      Array.isArray(cursor) && cursor.length === 2 && cursor.every((value) => typeof value === "string");
    return isOne && cursor.every((value) => value.isWellFormed() && !value.includes("\0"))
      ? (cursor as unknown as Cursor)
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param rows one more than `limit`, if there are as many; the last two columns are those of the order
 */
export function listedPage<T>(rows: readonly Row[], limit: number, read: (row: Row) => T): ListedPage<T> {
  const shown = rows.slice(0, limit);
  const [order, key] = shown.at(-1)?.slice(-2) ?? [];
  return {
    items: shown.map(read),
    next: rows.length > limit ? write([String(order), String(key)]) : undefined,
  };
}
