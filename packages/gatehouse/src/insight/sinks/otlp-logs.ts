import { randomUUID } from "node:crypto";
import type { AuditOutcome } from "../../oauth/audit-events.ts";
import type { AuditRecord } from "../../oauth/audit-record.ts";
import { type Attributes, keyValues, nanoseconds } from "../otlp/attributes.ts";
import { createOtlpExporter, type OtlpTarget } from "../otlp/exporter.ts";
import { type AuditSink, maxHeld, type SinkNews } from "./sink.ts";

const delayMs = 1000;

/** OpenTelemetry's `SeverityNumber` and its name. */
const severities: Record<AuditOutcome, readonly [number, string]> = {
  success: [9, "INFO"],
  refused: [10, "INFO2"],
  failure: [13, "WARN"],
};

interface OtlpLogsOptions extends SinkNews {
  readonly target: OtlpTarget;
  readonly resource: Readonly<Record<string, string>>;
  readonly version: string;
}

/** Sends records as log records by OTLP. */
export function createOtlpSink({ target, version, ...options }: OtlpLogsOptions): AuditSink {
  const resource = {
    attributes: keyValues({
      "service.version": version,
      "service.instance.id": randomUUID(),
      ...options.resource,
    }),
  };
  const scope = { name: "gatehouse.audit", version };
  const exporter = createOtlpExporter<AuditRecord>({
    target,
    body: (records) => ({
      resourceLogs: [{ resource, scopeLogs: [{ scope, logRecords: records.map(logRecord) }] }],
    }),
    maxWaiting: maxHeld,
    delayMs,
    onTrouble: options.onTrouble,
    onRecovery: options.onRecovery,
  });
  return {
    name: "otlp",
    take(records) {
      for (const record of records) exporter.add(record);
    },
    get waiting() {
      return exporter.waiting;
    },
    get dropped() {
      return exporter.dropped;
    },
    close: exporter.close,
  };
}

function logRecord(record: AuditRecord): object {
  const { time, name, outcome, actor, facts } = record;
  const [severityNumber, severityText] = severities[outcome];
  const attributes: Attributes = {
    "gatehouse.audit.id": record.id,
    "gatehouse.outcome": outcome,
    "gatehouse.reason": record.reason,
    "gatehouse.actor.kind": actor.kind,
    "gatehouse.actor.id": actor.id,
    "gatehouse.actor.how": actor.how,
    "gatehouse.actor.command": actor.command,
    "user.id": record.subject,
    "gatehouse.client": record.client,
    "gatehouse.resource": record.resource,
    "gatehouse.grant": record.grant,
    "client.address": record.address,
    "user_agent.original": record.userAgent,
    "gatehouse.instance": record.instance,
    "gatehouse.reference": record.reference,
    ...Object.fromEntries(Object.entries(facts).map(([fact, value]) => [`gatehouse.facts.${fact}`, value])),
  };
  return {
    timeUnixNano: nanoseconds(time),
    severityNumber,
    severityText,
    eventName: `gatehouse.${name}`,
    body: { stringValue: name },
    attributes: keyValues(withoutMailAddresses(attributes)),
  };
}

/** Anything before and after an @, up to what ends a word. */
const mailAddress = /[^\s"'<>()[\]{},;:=]+@[^\s"'<>()[\]{},;:=]+/g;

/** Collectors are seldom the place for people's addresses: there people stand by their subject alone. */
function withoutMailAddresses(attributes: Attributes): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name,
      typeof value === "string" ? value.replace(mailAddress, "[address]") : value,
    ]),
  );
}
