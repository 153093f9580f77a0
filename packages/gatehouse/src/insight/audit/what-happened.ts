import type { SealedRecord } from "../../oauth/audit-record.ts";
import type { AuditStore } from "../../oauth/store/audit.ts";
import { type AuditKey, recordMac } from "./seals.ts";

/** Of how many records it is looked for where one was moved from. */
const maxSearched = 100_000;
const pageSize = 2000;

interface Happened {
  readonly kind: "edited" | "inserted" | "moved" | "missing";
  readonly sequence: number;
  readonly text: string;
}

/**
 * What became of the first record that does not follow on the one before: it is another one, somebody put it
 * there, it stood elsewhere, or what stood before it is gone.
 * @param last the one before, which is as it was
 * @param found the one that stands there, and the one behind it
 */
export async function whatHappened(
  store: Pick<AuditStore, "readAuditChain">,
  key: AuditKey | undefined,
  last: Pick<SealedRecord, "sequence" | "mac">,
  [found, next]: readonly [SealedRecord, SealedRecord | undefined],
): Promise<Happened> {
  const { chain } = found;
  const sequence = last.sequence + 1;
  const name = `record ${chain}-${sequence}`;
  if (found.sequence > sequence) {
    const end = found.sequence - 1;
    const which = end === sequence ? `${name} is` : `records ${chain}-${sequence} to ${end} are`;
    return { kind: "missing", sequence, text: `${which} missing` };
  }
  const isAt = (record: SealedRecord | undefined, place: number, previous: string) =>
    record !== undefined && recordMac(key, previous, { ...record, sequence: place }) === record.mac;
  if (isAt(next, sequence, last.mac)) {
    return { kind: "inserted", sequence, text: `${name} was inserted, and those behind it counted on` };
  }
  if (isAt(next, sequence + 2, found.mac)) {
    return { kind: "missing", sequence, text: `${name} is missing, and those behind it were counted back` };
  }
  const from = await whereFrom(store, key, found);
  if (from === undefined) return { kind: "edited", sequence, text: `${name} was edited` };
  return { kind: "moved", sequence, text: `in the place of ${name} stands record ${chain}-${from}` };
}

/** The place of the chain where a record would be right. */
async function whereFrom(
  store: Pick<AuditStore, "readAuditChain">,
  key: AuditKey | undefined,
  found: SealedRecord,
): Promise<number | undefined> {
  let [before, searched] = ["", 0];
  let after = 0;
  while (searched < maxSearched) {
    const page = await store.readAuditChain(found.chain, after, pageSize);
    for (const { sequence, mac } of page) {
      // Behind the one before, or behind the one with which it changed places.
      for (const previous of [before, mac]) {
        if (recordMac(key, previous, { ...found, sequence }) === found.mac) return sequence;
      }
      before = mac;
    }
    const last = page.at(-1);
    if (last === undefined || page.length < pageSize) return undefined;
    after = last.sequence;
    searched += page.length;
  }
  return undefined;
}
