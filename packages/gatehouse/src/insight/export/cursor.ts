import type { AuditChain } from "../../oauth/store/audit.ts";

/**
 * How far an export has come. Records of several processes come late, with times from before others that
 * were exported already; within a chain they come in their order. So a position in each chain says exactly
 * what has been exported, and no time could.
 */
export interface ExportCursor {
  /**
   * Of chains up to this number that have no position of their own, everything from before `quietSince` is
   * exported, and at the time of the export there was nothing later.
   */
  readonly upTo: number;
  /** Milliseconds since 1970. */
  readonly quietSince: number;
  /** Which chain that was: after a restore another one may have its number. */
  readonly last: string;
  /** The last exported record of the other chains. */
  readonly positions: ReadonlyMap<string, number>;
}

export const beginning: ExportCursor = { upTo: 0, quietSince: 0, last: "", positions: new Map() };

/** After all that there is. */
export function endOf(chains: readonly AuditChain[]): ExportCursor {
  const last = chains.at(-1); // by their number
  const positions = new Map(chains.map(({ chain, head }) => [chain, head.sequence]));
  return last === undefined ? beginning : { upTo: last.number, quietSince: 0, last: last.chain, positions };
}

/** Nothing comes later than so long after it happened: it waits in the memory of a process. */
const latestMs = 2 * 86_400_000;

export class CursorError extends Error {
  override readonly name = "CursorError";
}

/** As a text without white space, to be kept and given back. */
export function writeCursor({ upTo, quietSince, last, positions }: ExportCursor): string {
  return Buffer.from(JSON.stringify([1, upTo, quietSince, last, Object.fromEntries(positions)])).toString(
    "base64url",
  );
}

/** @throws CursorError for a text that is none */
export function readCursor(text: string): ExportCursor {
  let read: unknown;
  try {
    read = JSON.parse(Buffer.from(text.trim(), "base64url").toString());
  } catch {
    read = undefined;
  }
  const [version, upTo, quietSince, last, positions] = Array.isArray(read) ? (read as unknown[]) : [];
  const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
  const entries = typeof positions === "object" && positions !== null ? Object.entries(positions) : [];
  if (version !== 1 || !isCount(upTo) || !isCount(quietSince) || typeof last !== "string")
    throw new CursorError("this is no cursor of an export");
  if (!entries.every(([, sequence]) => isCount(sequence)))
    throw new CursorError("this is no cursor of an export");
  return {
    upTo: upTo as number,
    quietSince: quietSince as number,
    last,
    positions: new Map(entries as [string, number][]),
  };
}

/** @throws CursorError where the database does not have what the cursor says was exported from it */
export function requireSameTrail(cursor: ExportCursor, chains: readonly AuditChain[], opened: number): void {
  const there = chains.find(({ number }) => number === cursor.upTo);
  if (opened >= cursor.upTo && (there === undefined || there.chain === cursor.last)) return;
  throw new CursorError(
    "the cursor is of another state of the audit trail than the database has, as after a restore: export anew, with --since",
  );
}

/** How much of a chain is exported: up to a record, or what is from before a time; `undefined`: nothing. */
export function exportedOf(
  { upTo, quietSince, positions }: ExportCursor,
  { chain, number, head }: AuditChain,
): { readonly upTo: number } | { readonly before: number } | undefined {
  const position = positions.get(chain);
  if (position !== undefined) return { upTo: position };
  if (number > upTo) return undefined;
  return head.time < quietSince ? { upTo: head.sequence } : { before: quietSince };
}

/**
 * @param chains all there are
 * @returns `undefined`: none has been begun
 * @param reached the last exported record of each that has been begun
 */
export function cursorAt(
  chains: readonly AuditChain[],
  reached: ReadonlyMap<string, number>,
  now: number,
): ExportCursor | undefined {
  const begun = chains.filter(({ chain }) => reached.has(chain));
  const last = begun.reduce<AuditChain | undefined>(
    (best, chain) => (best === undefined || chain.number > best.number ? chain : best),
    undefined,
  );
  if (last === undefined) return undefined;
  const quietSince = Math.max(0, now - latestMs);
  const positions = new Map<string, number>();
  for (const { chain, number, head } of chains) {
    if (number > last.number) continue;
    const position = reached.get(chain) ?? 0;
    if (position < head.sequence || head.time >= quietSince) positions.set(chain, position);
  }
  return { upTo: last.number, quietSince, last: last.chain, positions };
}
