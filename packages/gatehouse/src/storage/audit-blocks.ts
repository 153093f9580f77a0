import { auditBytes, type SealedRecord } from "../oauth/audit-record.ts";
import { layout } from "./layout.ts";
import { packedText, unpackedText } from "./packed-text.ts";

/*
 * Records of the audit trail stand in the database many to a row, as they were written together: a row of its
 * own, with its places in indexes, would cost each several times what all else about it does.
 */

/** Consecutive records of a chain. */
export interface AuditBlock {
  readonly chain: string;
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Milliseconds since 1970. */
  readonly firstAt: number;
  readonly lastAt: number;
  /** An array for each record, in JSON: as it is stored, see `recordsText`. */
  readonly records: string;
}

/**
 * From the first record of a block to its last there are no more milliseconds, so that whoever reads in the
 * order of time knows how far away another chain's block may still matter.
 */
export const blockSpanMs = 1000;
export const maxBlockRecords = 256;

/** A record in a block: all but its chain. */
type Packed = [
  sequence: number,
  time: number,
  name: string,
  outcome: SealedRecord["outcome"],
  subject: string | null | undefined,
  client: string | null | undefined,
  resource: string | null | undefined,
  grant: string | null | undefined,
  address: string | null | undefined,
  reference: string | null | undefined,
  body: string,
  mac: string,
];

export const auditBlocks = layout(
  (column): AuditBlock => ({
    chain: column.text("chain"),
    firstSequence: column.integer("first_sequence"),
    lastSequence: column.integer("last_sequence"),
    firstAt: column.integer("first_at"),
    lastAt: column.integer("last_at"),
    records: column.text("records"),
  }),
);

export const blockValues = ({ chain, firstSequence, lastSequence, firstAt, lastAt, records }: AuditBlock) =>
  [chain, firstSequence, lastSequence, firstAt, lastAt, records] as const;

/** @param records of one chain, in their order */
export function blocksOf(records: readonly SealedRecord[]): AuditBlock[] {
  const blocks: AuditBlock[] = [];
  let some: SealedRecord[] = [];
  for (const record of records) {
    const [first] = some;
    if (first !== undefined && (some.length >= maxBlockRecords || record.time - first.time > blockSpanMs)) {
      blocks.push(blockOf(first, some));
      some = [];
    }
    some.push(record);
  }
  const [first] = some;
  if (first !== undefined) blocks.push(blockOf(first, some));
  return blocks;
}

function blockOf(first: SealedRecord, records: readonly SealedRecord[]): AuditBlock {
  const last = records.at(-1) ?? first;
  return {
    chain: first.chain,
    firstSequence: first.sequence,
    lastSequence: last.sequence,
    firstAt: first.time,
    lastAt: last.time,
    records: packedText(JSON.stringify(records.map(packed))),
  };
}

function packed(record: SealedRecord): Packed {
  const { sequence, time, name, outcome, subject, client, resource, grant, address, reference } = record;
  const { body, mac } = record;
  return [sequence, time, name, outcome, subject, client, resource, grant, address, reference, body, mac];
}

/** The JSON of a block's records; empty where somebody made it unreadable. */
export function recordsText({ records }: AuditBlock): string {
  try {
    return unpackedText(records);
  } catch {
    return "";
  }
}

/**
 * The records of a block. What somebody made unreadable holds none: `gatehouse audit verify` misses them.
 * @param text of them, where it is known
 */
export function recordsIn(block: AuditBlock, text = recordsText(block)): SealedRecord[] {
  try {
    return (JSON.parse(text) as Packed[]).map((each) => unpacked(block.chain, each));
  } catch {
    return [];
  }
}

function unpacked(
  chain: string,
  [sequence, time, name, outcome, subject, client, resource, grant, address, reference, body, mac]: Packed,
): SealedRecord {
  return {
    chain,
    sequence,
    time,
    name,
    outcome,
    subject: subject ?? undefined,
    client: client ?? undefined,
    resource: resource ?? undefined,
    grant: grant ?? undefined,
    address: address ?? undefined,
    reference: reference ?? undefined,
    body,
    mac,
  };
}

/** A block without what it holds. */
export const auditBlockKeys = layout(
  (column): Omit<AuditBlock, "firstAt" | "records"> => ({
    chain: column.text("chain"),
    firstSequence: column.integer("first_sequence"),
    lastSequence: column.integer("last_sequence"),
    lastAt: column.integer("last_at"),
  }),
);

/** Of blocks the first ones, until they hold so many records. */
export function enoughFor<T extends Pick<AuditBlock, "firstSequence" | "lastSequence">>(
  blocks: readonly T[],
  records: number,
): T[] {
  let held = 0;
  return blocks.filter(({ firstSequence, lastSequence }) => {
    const isNeeded = held < records;
    held += lastSequence - firstSequence + 1;
    return isNeeded;
  });
}

/** What becomes of blocks when the oldest records go. */
export interface Shortened {
  readonly gone: readonly SealedRecord[];
  /** Blocks of which nothing is left, and those of which something is, with what that is. */
  readonly removed: readonly AuditBlock[];
  readonly kept: readonly { readonly block: AuditBlock; readonly rest: AuditBlock }[];
}

/**
 * @param blocks the oldest first
 * @param before milliseconds since 1970: what is not older stays
 * @param limit so many records go at most
 */
export function shortened(blocks: readonly AuditBlock[], before: number, limit: number): Shortened {
  const gone: SealedRecord[] = [];
  const removed: AuditBlock[] = [];
  const kept: { block: AuditBlock; rest: AuditBlock }[] = [];
  for (const block of blocks) {
    const all = recordsIn(block);
    const old = all.filter(({ time }) => time < before).slice(0, limit - gone.length);
    gone.push(...old);
    const left = all.slice(old.length);
    const [first] = left;
    if (first !== undefined && old.length > 0) kept.push({ block, rest: blockOf(first, left) });
    // One that says of itself that it is younger than what it held goes as well: it holds nothing any more.
    if (first === undefined && (old.length > 0 || block.lastAt < before)) removed.push(block);
    if (gone.length >= limit) break;
  }
  return { gone, removed, kept };
}

/** The last of the records that go, of each chain, and the bytes of all. */
export function lastOfEach(records: readonly SealedRecord[]): { last: SealedRecord; bytes: number }[] {
  return [...Map.groupBy(records, ({ chain }) => chain).values()].map((own) => ({
    last: own.reduce((last, each) => (each.sequence > last.sequence ? each : last)),
    bytes: auditBytes(own),
  }));
}

export const hourMs = 3_600_000;

/** How many records of a name a chain has in an hour. */
export interface AuditHour {
  /** When it begins, milliseconds since 1970. */
  readonly hour: number;
  readonly name: string;
  readonly chain: string;
  readonly count: number;
}

/** In one order, so that of two callers one waits for the other. */
export function hoursOf(records: readonly SealedRecord[]): AuditHour[] {
  const hours = new Map<string, { hour: number; name: string; chain: string; count: number }>();
  let last: { hour: number; name: string; chain: string; count: number } | undefined;
  for (const { time, name, chain } of records) {
    const hour = Math.floor(time / hourMs) * hourMs;
    // Nearly always as the one before.
    if (last === undefined || last.hour !== hour || last.name !== name || last.chain !== chain) {
      const key = `${hour} ${chain} ${name}`;
      last = hours.get(key) ?? { hour, name, chain, count: 0 };
      hours.set(key, last);
    }
    last.count++;
  }
  return [...hours.entries()].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, each]) => each);
}
