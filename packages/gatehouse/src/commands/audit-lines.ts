import type { AuditRecord } from "../oauth/audit-record.ts";
import { oneLine } from "../oauth/harmless.ts";

/** A record in one line for people; what strangers wrote in it is harmless and short. */
export function recordAsLine(record: AuditRecord): string {
  const { time, name, outcome, actor, reason, facts } = record;
  const about = {
    subject: actor.id === record.subject ? undefined : record.subject,
    client: actor.id === record.client ? undefined : record.client,
    resource: record.resource,
    grant: record.grant,
    address: record.address,
    reference: record.reference,
    reason,
    ...(actor.command !== undefined && { command: actor.command }),
    ...facts,
  };
  const told = Object.entries(about).flatMap(([key, value]) =>
    value === undefined ? [] : [`${oneLine(key, 40)}=${oneLine(String(value))}`],
  );
  const who = actor.id === undefined ? actor.kind : `${actor.kind} ${oneLine(actor.id, 80)}`;
  const when = new Date(time).toISOString().slice(0, 19).replace("T", " ");
  return [`${when}  ${oneLine(name, 40).padEnd(22)}  ${outcome.padEnd(7)}  ${who}`, ...told].join("  ");
}
