import type { Level, Logger } from "pino";
import type { AuditEvent, Events } from "../oauth/ports.ts";
import { describeError } from "./error.ts";
import { oneLine } from "./sanitize.ts";

/** Events somebody should look at. The rest is daily business. */
const levels: Partial<Record<AuditEvent["name"], Level>> = {
  sign_in_failed: "warn",
  code_replayed: "warn",
  refresh_ahead: "warn",
  refresh_reused: "warn",
  client_authentication_failed: "warn",
  client_document_unavailable: "warn",
  not_ready: "error",
  failure: "error",
};

const facts = [
  "request",
  "client",
  "subject",
  "grant",
  "resource",
  "address",
  "error",
  "reason",
  "detail",
] as const;

/**
 * The audit log: one structured line an event (S10), `{ level, time, event, request, client, subject, … }`. Values come from strangers and are made
 * harmless; people stand there by their opaque subject, never by their address.
 */
export function createEvents(log: Logger): Events {
  return {
    emit(event) {
      const level = levels[event.name] ?? "info";
      if (!log.isLevelEnabled(level)) return;
      const line: Record<string, unknown> = { event: event.name };
      for (const name of facts) {
        const value = event[name];
        if (value !== undefined) line[name] = oneLine(value);
      }
      if (event.cause !== undefined) line.err = describeError(event.cause);
      log[level](line);
    },
  };
}
