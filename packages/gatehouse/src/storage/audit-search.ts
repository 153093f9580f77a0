import { setImmediate as turn } from "node:timers/promises";
import type { SealedRecord } from "../oauth/audit-record.ts";
import type { AuditQuery, HourOfAudit } from "../oauth/store/audit.ts";
import { type AuditBlock, blockSpanMs, hourMs, recordsIn, recordsText } from "./audit-blocks.ts";

/** A place in the order of records: time, chain, sequence. Of blocks, that of the last record. */
export type AuditPlace = readonly [time: number, chain: string, sequence: number];

export type AuditOrder = "newest" | "oldest";

/** Between which places something stands; both are left out. */
export interface AuditBounds {
  readonly from: AuditPlace;
  readonly to: AuditPlace;
}

/** Reads blocks in their order that stand between two places: some behind the nearer one. */
export type ReadBlocks = (bounds: AuditBounds, limit: number) => Promise<readonly AuditBlock[]>;

/**
 * Records that are gone through before others have the process: what is looked for has no index of its own,
 * which would cost each record more than all else about it.
 */
const recordsAtOnce = 4000;
const maxBlocksAtOnce = 1000;

/** How to come by what is searched. */
export interface AuditReader extends Readonly<Record<AuditOrder, ReadBlocks>> {
  readonly count: (names: readonly string[], since: number) => Promise<readonly HourOfAudit[]>;
}

/**
 * The first records between two places that are looked for, by time, chain and sequence. What is looked for
 * by name is looked for in the hours alone that have some.
 * @param wanted every record has one of these values of each column
 */
export async function searchAudit(
  reader: AuditReader,
  wanted: readonly WantedValues[],
  bounds: AuditBounds,
  { order, limit }: { readonly order: AuditOrder; readonly limit: number },
): Promise<readonly SealedRecord[]> {
  const names = wanted.find(({ column }) => column === "name")?.values;
  if (names === undefined) return searchBlocks(reader[order], wanted, bounds, { order, limit });
  const found: SealedRecord[] = [];
  for (const range of rangesOf(await reader.count(names, bounds.from[0]), order)) {
    if (found.length >= limit) break;
    const page = { order, limit: limit - found.length };
    found.push(...(await searchBlocks(reader[order], wanted, withinBoth(bounds, range), page)));
  }
  return found;
}

/** Hours without those between which there is nothing. */
function rangesOf(hours: readonly HourOfAudit[], order: AuditOrder): AuditBounds[] {
  const ranges: { since: number; until: number }[] = [];
  for (const hour of new Set(hours.map(({ hour }) => hour).sort((one, other) => one - other))) {
    const last = ranges.at(-1);
    if (last?.until === hour) last.until += hourMs;
    else ranges.push({ since: hour, until: hour + hourMs });
  }
  const bounds = ranges.map((range) => boundsOf(range, undefined, order));
  return order === "newest" ? bounds.reverse() : bounds;
}

function withinBoth(one: AuditBounds, other: AuditBounds): AuditBounds {
  return {
    from: compare(one.from, other.from) > 0 ? one.from : other.from,
    to: compare(one.to, other.to) < 0 ? one.to : other.to,
  };
}

async function searchBlocks(
  read: ReadBlocks,
  wanted: readonly WantedValues[],
  bounds: AuditBounds,
  { order, limit }: { readonly order: AuditOrder; readonly limit: number },
): Promise<SealedRecord[]> {
  const texts = wanted.map(({ values }) => values.map((value) => JSON.stringify(value)));
  /** Found, and not yet known to be the next in the order. */
  const pool: SealedRecord[] = [];
  let left = aroundOf(bounds);
  for (let blocksAtOnce = 4; ; ) {
    const blocks = await read(left, blocksAtOnce);
    let seen = 0;
    for (const block of blocks) {
      seen += block.lastSequence - block.firstSequence + 1;
      const all = recordsText(block);
      // Most blocks hold nothing of what is rare, and need not be taken apart.
      if (!texts.every((either) => either.some((text) => all.includes(text)))) continue;
      for (const record of recordsIn(block, all)) {
        if (isBetween(placeOf(record), bounds) && isWanted(record, wanted)) pool.push(record);
      }
    }
    const last = blocks.at(-1);
    const isEnd = blocks.length < blocksAtOnce || last === undefined;
    const certain = isEnd ? pool.length : pool.filter(({ time }) => isSafe(time, last.lastAt, order)).length;
    if (isEnd || certain > limit) return inOrder(pool, order).slice(0, limit);
    left = order === "newest" ? { from: left.from, to: endOf(last) } : { from: endOf(last), to: left.to };
    if (seen < recordsAtOnce / 2) blocksAtOnce = Math.min(blocksAtOnce * 2, maxBlocksAtOnce);
    else if (seen > recordsAtOnce) blocksAtOnce = Math.ceil(blocksAtOnce / 2);
    await turn(); // for whoever waits, without a pause: somebody waits for this, too
  }
}

/** A column, and what it may hold. */
export interface WantedValues {
  readonly column: "name" | "subject" | "client" | "resource" | "grant" | "address" | "reference";
  readonly values: readonly string[];
}

const searched = ["name", "subject", "client", "resource", "grant", "address", "reference"] as const;

export function wantedBy(query: AuditQuery): WantedValues[] {
  return searched.flatMap((column) => {
    const value = query[column];
    return value === undefined ? [] : [{ column, values: [value] }];
  });
}

/** Of a query, from its times and where the page before ended. */
export function boundsOf(
  { since = 0, until = Number.MAX_SAFE_INTEGER }: AuditQuery,
  after: string | undefined,
  order: AuditOrder,
): AuditBounds {
  const from: AuditPlace = [since, "", 0];
  const to: AuditPlace = [until, "", 0];
  const place = readPlace(after);
  if (place === undefined || place[0] < since || place[0] >= until) return { from, to };
  return order === "newest" ? { from, to: place } : { from: place, to };
}

export const placeText = ({ time, chain, sequence }: SealedRecord): string => `${time}.${chain}.${sequence}`;

function readPlace(after: string | undefined): AuditPlace | undefined {
  const [, time, chain, sequence] = /^(\d{1,15})\.([0-9A-Za-z]{1,32})\.(\d{1,15})$/.exec(after ?? "") ?? [];
  return time === undefined || chain === undefined ? undefined : [Number(time), chain, Number(sequence)];
}

/** Where blocks end that may hold records between two places. */
function aroundOf({ from, to }: AuditBounds): AuditBounds {
  const latest = Math.min(to[0] + blockSpanMs + 1, Number.MAX_SAFE_INTEGER);
  return { from: [from[0], "", 0], to: [latest, "", 0] };
}

const placeOf = ({ time, chain, sequence }: SealedRecord): AuditPlace => [time, chain, sequence];
const endOf = ({ lastAt, chain, lastSequence }: AuditBlock): AuditPlace => [lastAt, chain, lastSequence];

/** Whether no block behind this one holds a record that comes before that time. */
const isSafe = (time: number, lastAt: number, order: AuditOrder): boolean =>
  order === "newest" ? time > lastAt : time < lastAt - blockSpanMs;

function compare(one: AuditPlace, other: AuditPlace): number {
  if (one[0] !== other[0]) return one[0] - other[0];
  if (one[1] !== other[1]) return one[1] < other[1] ? -1 : 1;
  return one[2] - other[2];
}

const isBetween = (place: AuditPlace, { from, to }: AuditBounds): boolean =>
  compare(place, from) > 0 && compare(place, to) < 0;

const isWanted = (record: SealedRecord, wanted: readonly WantedValues[]): boolean =>
  wanted.every(({ column, values }) => values.includes(record[column] ?? ""));

function inOrder(records: SealedRecord[], order: AuditOrder): SealedRecord[] {
  const direction = order === "newest" ? -1 : 1;
  return records.sort((one, other) => direction * compare(placeOf(one), placeOf(other)));
}
