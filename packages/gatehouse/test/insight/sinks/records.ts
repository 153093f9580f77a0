import type { AuditRecord } from "../../../src/oauth/audit-record.ts";

/** A record as the audit trail has it. */
export function aRecord(sequence: number, more: Partial<AuditRecord> = {}): AuditRecord {
  return {
    id: `K7QM2XDA94TB-${sequence}`,
    chain: "K7QM2XDA94TB",
    sequence,
    time: 1_790_000_000_123,
    name: "token_refreshed",
    outcome: "success",
    actor: { kind: "client", id: "an-app" },
    client: "an-app",
    subject: "a-subject",
    instance: "web-1/4242",
    reference: "K7QM-2XDA-94TB",
    facts: {},
    ...more,
  };
}

/** From this one up to that one. */
export const records = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => aRecord(from + at));
