import { auditBytes, readRecord, type SealedRecord } from "../oauth/audit-record.ts";
import type {
  AuditAddress,
  AuditChain,
  AuditHead,
  AuditPage,
  AuditQuery,
  AuditRegistry,
} from "../oauth/store/audit.ts";
import { layout } from "./layout.ts";

/* What both databases do alike with the audit trail. */

export const sealedRecords = layout(
  (column): SealedRecord => ({
    chain: column.text("chain"),
    sequence: column.integer("sequence"),
    time: column.integer("happened_at"),
    name: column.text("name"),
    outcome: column.text("outcome"),
    subject: column.optionalText("subject"),
    client: column.optionalText("client_id"),
    resource: column.optionalText("resource"),
    grant: column.optionalText("grant_id"),
    address: column.optionalText("address"),
    reference: column.optionalText("reference"),
    body: column.text("body"),
    mac: column.text("mac"),
  }),
);

/** The columns that a query names, in the order of {@link filtersOf}. */
export const filterColumns = [
  "name",
  "subject",
  "client_id",
  "resource",
  "grant_id",
  "address",
  "reference",
] as const;

/** What they have to hold; null: anything. */
export function filtersOf(query: AuditQuery): (string | null)[] {
  const { name, subject, client, resource, grant, address, reference } = query;
  return [name, subject, client, resource, grant, address, reference].map((each) => each ?? null);
}

export const auditAddresses = layout(
  (column): AuditAddress => ({
    id: column.text("id"),
    chain: column.text("chain"),
    sequence: column.integer("sequence"),
    subject: column.optionalText("subject"),
    address: column.text("address"),
    salt: column.text("salt"),
  }),
);

export const auditChains = layout(
  (column): AuditChain => ({
    number: column.integer("number"),
    chain: column.text("chain"),
    instance: column.text("instance"),
    keyId: column.optionalInteger("key_id"),
    openedAt: column.integer("opened_at"),
    head: {
      sequence: column.integer("sequence"),
      mac: column.text("mac"),
      time: column.integer("written_at"),
      isEnded: column.flag("is_ended"),
      seal: column.text("seal"),
    },
    cut: {
      sequence: column.integer("cut_sequence"),
      mac: column.text("cut_mac"),
      keyId: column.optionalInteger("cut_key_id"),
      seal: column.text("cut_seal"),
    },
    bytes: column.integer("bytes"),
  }),
);

export const auditRegistries = layout(
  (column): AuditRegistry => ({
    opened: column.integer("opened"),
    sealed: {
      opened: column.integer("sealed_opened"),
      keyId: column.optionalInteger("sealed_key_id"),
      seal: column.text("sealed"),
    },
    forgotten: {
      upTo: column.integer("forgotten"),
      keyId: column.optionalInteger("forgotten_key_id"),
      seal: column.text("forgotten_seal"),
    },
  }),
);

/** A place in the order of records: time, chain, sequence. */
export type AuditPlace = readonly [time: number, chain: string, sequence: number];

/** Between which places a page stands; both are left out. */
export function boundsOf(
  { since = 0, until = Number.MAX_SAFE_INTEGER }: AuditQuery,
  after: string | undefined,
  order: "newest" | "oldest",
): { readonly from: AuditPlace; readonly to: AuditPlace } {
  const from: AuditPlace = [since, "", 0];
  const to: AuditPlace = [until, "", 0];
  const place = placeOf(after);
  if (place === undefined || place[0] < since || place[0] >= until) return { from, to };
  return order === "newest" ? { from, to: place } : { from: place, to };
}

function placeOf(after: string | undefined): AuditPlace | undefined {
  const [, time, chain, sequence] = /^(\d{1,15})\.([0-9A-Za-z]{1,32})\.(\d{1,15})$/.exec(after ?? "") ?? [];
  return time === undefined || chain === undefined ? undefined : [Number(time), chain, Number(sequence)];
}

/** A page, with one record more than there is room for where it goes on. */
export function pageOf(
  found: readonly SealedRecord[],
  limit: number,
  addresses: readonly AuditAddress[],
): AuditPage {
  const records = found.slice(0, limit);
  const last = records.at(-1);
  const keyed = new Map(addresses.map((each) => [`${each.chain} ${each.sequence} ${each.id}`, each.address]));
  return {
    records: records.map((record) =>
      readRecord(record, (id) => keyed.get(`${record.chain} ${record.sequence} ${id}`)),
    ),
    next:
      found.length > limit && last !== undefined ? `${last.time}.${last.chain}.${last.sequence}` : undefined,
  };
}

/** The last of the records that go, of each chain. */
export function lastOfEach(records: readonly SealedRecord[]): { last: SealedRecord; bytes: number }[] {
  return [...Map.groupBy(records, ({ chain }) => chain).values()].map((own) => ({
    last: own.reduce((last, each) => (each.sequence > last.sequence ? each : last)),
    bytes: auditBytes(own),
  }));
}

/** Up to which number chains can be forgotten: nothing is left of any of them, and nothing will follow. */
export function forgettable(chains: readonly AuditChain[], before: number): number | undefined {
  let upTo: number | undefined;
  for (const { number, head, cut } of chains) {
    const isOver = head.isEnded || head.time < before;
    if (!isOver || cut.sequence < head.sequence) break;
    upTo = number;
  }
  return upTo;
}

export const headValues = ({ sequence, mac, time, isEnded, seal }: AuditHead) =>
  [sequence, mac, time, Number(isEnded), seal] as const;
