import { type AuditRecord, mentionedIn, readRecord } from "../../oauth/audit-record.ts";
import type { AuditChain, AuditStore } from "../../oauth/store/audit.ts";
import { cursorAt, type ExportCursor, exportedOf, requireSameTrail } from "./cursor.ts";

type AuditReading = Pick<AuditStore, "findAuditChains" | "readAuditChain" | "findAuditAddresses">;

export interface AuditReader {
  /**
   * Up to so many records that were not given yet, nearly in the order of their times; none: that is all for
   * now. What is written meanwhile is seen.
   * @throws CursorError where the database is not the one of the cursor
   */
  next(limit: number): Promise<readonly AuditRecord[]>;
  /** After what `next` gave. */
  cursor(): ExportCursor;
}

/** Records of a chain that are read at once. */
const ahead = 200;

/** One chain, from where the cursor stands to where the chain ended when it was looked at. */
interface Strand {
  readonly chain: AuditChain;
  readonly held: AuditRecord[];
  /** What is from before that time is passed over. */
  readonly from: number;
  /** The last record that was read, given or not. */
  readAt: number;
}

/**
 * Reads the audit trail from a cursor on, each record once, however late it was written.
 * @param now milliseconds since 1970
 * @param since records from before that time are passed over
 */
export function createAuditReader(
  store: AuditReading,
  from: ExportCursor,
  now: () => number,
  since = 0,
): AuditReader {
  let cursor = from;
  let chains: readonly AuditChain[] = [];
  /** In the order in which the chains were opened. */
  const toBegin: Strand[] = [];
  let open: Strand[] = [];
  const reached = new Map<string, number>();

  async function look(): Promise<void> {
    const { registry, chains: found } = await store.findAuditChains();
    requireSameTrail(cursor, found, registry.opened);
    chains = found;
    reached.clear();
    for (const chain of chains) {
      const { head, cut } = chain;
      const exported =
        exportedOf(cursor, chain) ?? (head.time < since ? { upTo: head.sequence } : { before: 0 });
      const position = "upTo" in exported ? exported.upTo : 0;
      if ("upTo" in exported) reached.set(chain.chain, position);
      const readAt = Math.max(position, cut.sequence);
      const from = Math.max(since, "before" in exported ? exported.before : 0);
      if (readAt < head.sequence) toBegin.push({ chain, held: [], readAt, from });
    }
    toBegin.sort((a, b) => a.chain.number - b.chain.number);
  }

  async function fill(strand: Strand): Promise<void> {
    const { chain, head } = strand.chain;
    const sealed = await store.readAuditChain(chain, strand.readAt, ahead);
    const last = sealed.at(-1)?.sequence;
    if (last !== undefined) {
      const mentions = sealed.some(({ body }) => mentionedIn(body).length > 0);
      const addresses = mentions ? await store.findAuditAddresses(chain, strand.readAt, last) : [];
      const byId = new Map(addresses.map(({ id, address }) => [id, address]));
      for (const record of sealed) strand.held.push(readRecord(record, (id) => byId.get(id)));
    }
    strand.readAt = last ?? head.sequence; // the rest was removed meanwhile
  }

  /** Of what is open the one whose next record is the earliest. */
  async function earliest(): Promise<Strand | undefined> {
    for (const strand of open) {
      if (strand.held.length === 0 && strand.readAt < strand.chain.head.sequence) await fill(strand);
    }
    open = open.filter(({ held }) => held.length > 0);
    return open.reduce<Strand | undefined>(
      (best, strand) => (best === undefined || timeOf(strand) < timeOf(best) ? strand : best),
      undefined,
    );
  }

  return {
    async next(limit) {
      if (open.length === 0 && toBegin.length === 0) await look();
      const given: AuditRecord[] = [];
      while (given.length < limit) {
        const strand = await earliest();
        const [later] = toBegin;
        // A chain holds nothing from before it was opened.
        if (later !== undefined && (strand === undefined || later.chain.openedAt <= timeOf(strand))) {
          open.push(later);
          toBegin.shift();
          continue;
        }
        const record = strand?.held.shift();
        if (strand === undefined || record === undefined) break;
        reached.set(strand.chain.chain, record.sequence);
        if (record.time >= strand.from) given.push(record);
      }
      cursor = cursorAt(chains, reached, now()) ?? cursor;
      return given;
    },
    cursor: () => cursor,
  };
}

const timeOf = ({ held }: Strand): number => held[0]?.time ?? Number.POSITIVE_INFINITY;
