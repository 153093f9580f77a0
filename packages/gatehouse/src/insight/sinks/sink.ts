import type { AuditRecord } from "../../oauth/audit-record.ts";

/** Takes records of the audit trail to somewhere else. The store's copy is not its business. */
export interface AuditSink {
  readonly name: "syslog" | "otlp";
  /** Takes them for later: waits for nothing, and never throws. */
  take(records: readonly AuditRecord[]): void;
  /** Records that wait, at most {@link maxHeld}. */
  readonly waiting: number;
  /** Records given up since the start. */
  readonly dropped: number;
  /** Sends what waits, for two seconds at most. */
  close(): Promise<void>;
}

/** Records that a sink holds; of more the oldest are given up. */
export const maxHeld = 10_000;

/** Told when records do not get through any more, and when they do again. */
export interface SinkNews {
  readonly onTrouble: (why: string) => void;
  /** @param dropped since the trouble began */
  readonly onRecovery: (dropped: number) => void;
}
