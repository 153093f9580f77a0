import type { Logger } from "pino";
import type { Config } from "../config/config.ts";
import type { AuditSink, SinkNews } from "../insight/sinks/sink.ts";
import { readRecord } from "../oauth/audit-record.ts";
import type { AuditBatch } from "../oauth/store/audit.ts";
import { programVersion } from "../shipped-files.ts";

/** Who gets the audit trail beside the store. */
export interface Sinks {
  /** Sends on what is durable; waits for nothing. */
  take(batch: AuditBatch): void;
  readonly states: readonly Pick<AuditSink, "name" | "waiting" | "dropped">[];
  close(): Promise<void>;
}

/** Each is loaded only where the configuration names it (Z21). */
export async function startSinks(
  { auditSyslog, authorities, openTelemetry }: Config,
  log: Pick<Logger, "warn" | "info">,
): Promise<Sinks> {
  const sinks: AuditSink[] = [];
  const news = (sink: AuditSink["name"], at: string): SinkNews => ({
    onTrouble: (why) =>
      log.warn(
        { sink, at },
        `audit records cannot be sent on: ${why}; they are in the database, and are sent once it works again`,
      ),
    onRecovery: (dropped) => log.info({ sink, at, dropped }, "audit records are sent on again"),
  });
  if (auditSyslog !== undefined) {
    const { createSyslogSink } = await import("../insight/sinks/syslog.ts");
    const { host, port } = auditSyslog;
    sinks.push(createSyslogSink(auditSyslog, { authorities, ...news("syslog", `${host}:${port}`) }));
  }
  if (openTelemetry.logs !== undefined) {
    const { createOtlpSink } = await import("../insight/sinks/otlp-logs.ts");
    const { logs: target, resource } = openTelemetry;
    const { host } = new URL(target.url);
    sinks.push(createOtlpSink({ target, resource, version: programVersion(), ...news("otlp", host) }));
  }
  return {
    take({ records, addresses }) {
      if (sinks.length === 0) return;
      const known = new Map(addresses.map(({ id, address }) => [id, address]));
      const read = records.map((record) => readRecord(record, (id) => known.get(id)));
      for (const sink of sinks) sink.take(read);
    },
    states: sinks,
    async close() {
      await Promise.all(sinks.map((sink) => sink.close()));
    },
  };
}
