import type { AuditRecord } from "../../oauth/audit-record.ts";

/** A record as it is given to other programs: all members, in the order of docs/audit.md, `null` for none. */
export function published(record: AuditRecord): Readonly<Record<string, unknown>> {
  const { actor } = record;
  return {
    id: record.id,
    time: new Date(record.time).toISOString(),
    name: record.name,
    outcome: record.outcome,
    reason: record.reason ?? null,
    actor: {
      kind: actor.kind,
      id: actor.id ?? null,
      ...(actor.how !== undefined && { how: actor.how }),
      ...(actor.command !== undefined && { command: actor.command }),
    },
    subject: record.subject ?? null,
    client: record.client ?? null,
    resource: record.resource ?? null,
    grant: record.grant ?? null,
    address: record.address ?? null,
    userAgent: record.userAgent ?? null,
    instance: record.instance,
    reference: record.reference ?? null,
    facts: record.facts,
  };
}
