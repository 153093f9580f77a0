import { readRecord, type SealedRecord } from "../oauth/audit-record.ts";
import type {
  AuditAddress,
  AuditChain,
  AuditHead,
  AuditPage,
  AuditRegistry,
  HourOfAudit,
} from "../oauth/store/audit.ts";
import { placeText } from "./audit-search.ts";
import { layout } from "./layout.ts";

/* What both databases do alike with the audit trail. */

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

export const hoursOfAudit = layout(
  (column): HourOfAudit => ({
    name: column.text("name"),
    hour: column.integer("hour"),
    count: column.integer("records"),
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
    next: found.length > limit && last !== undefined ? placeText(last) : undefined,
  };
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
