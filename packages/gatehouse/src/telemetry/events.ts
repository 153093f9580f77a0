import type { Level } from "pino";
import type { Actor } from "../oauth/audit-record.ts";
import { oneLine } from "../oauth/harmless.ts";
import type { AuditEvent, AuditedToolCall, Events } from "../oauth/ports.ts";
import type { Log } from "./log.ts";

/** Events somebody should look at. The rest is daily business. */
const levels: Partial<Record<AuditEvent["name"], Level>> = {
  sign_in_failed: "warn",
  sign_in_denied: "warn",
  sign_in_abandoned: "warn",
  provider_unreachable: "warn",
  passkey_refused: "warn",
  passkey_counter: "error",
  address_moved: "warn",
  person_unconfirmed: "warn",
  confirmation_failed: "warn",
  code_replayed: "warn",
  refresh_ahead: "warn",
  refresh_reused: "warn",
  client_authentication_failed: "warn",
  introspection_refused: "warn",
  previous_credential_used: "info",
  client_document_unavailable: "warn",
  session_foreign: "warn",
  declaration_left: "warn",
  declaration_ended: "warn",
  limit_reached: "warn",
  not_found: "warn",
  configuration_refused: "warn",
  command_refused: "warn",
  store_unavailable: "error",
  audit_lost: "error",
  not_ready: "error",
  failure: "error",
};

/** How loudly an event is told. */
export const levelOf = (name: AuditEvent["name"]): Level => levels[name] ?? "info";

/** Why something failed are words of ours, with what to do about it last; what they quote is short. */
const longDetails: ReadonlySet<AuditEvent["name"]> = new Set([
  ...(["sign_in_failed", "sign_in_denied", "sign_in_cancelled", "sign_in_abandoned"] as const),
  ...(["request_refused", "not_found", "limit_reached", "store_unavailable"] as const),
]);

function detailLength(event: AuditEvent["name"]): number {
  if (!longDetails.has(event)) return 200;
  return event.startsWith("sign_in_") ? 1000 : 500;
}

const harmless = (value: string | undefined) => (value === undefined ? undefined : oneLine(value));

/**
 * The audit log: one structured line an event (S10), `{ level, time, event, request, client, subject, … }`.
 * Values come from strangers and are made harmless; people stand there by their opaque subject. By their
 * address only where that is why they were turned away: who does not get in has no subject here.
 */
export function createEvents(log: Log): Events {
  const events: Events = {
    emit(event) {
      const level = levelOf(event.name);
      if (!log.isLevelEnabled(level)) return;
      // Each by its name, since a loop over names would cost a call through the door two microseconds.
      const line = {
        event: event.name,
        request: harmless(event.request),
        attempt: harmless(event.attempt),
        client: harmless(event.client),
        subject: harmless(event.subject),
        provider: harmless(event.provider),
        account: harmless(event.account),
        grant: harmless(event.grant),
        redirectUri: harmless(event.redirectUri),
        resource: harmless(event.resource),
        scope: harmless(event.scope),
        address: harmless(event.address),
        userAgent: harmless(event.userAgent),
        error: harmless(event.error),
        reason: harmless(event.reason),
        detail: event.detail === undefined ? undefined : oneLine(event.detail, detailLength(event.name)),
        count: event.count,
      };
      if (event.actor !== undefined) Object.assign(line, describeActor(event.actor));
      if (event.call !== undefined) Object.assign(line, describeCall(event.call));
      if (event.cause === undefined) return log.writeEvent(level, line);
      // The log describes it, and would take its message as it is for that of the line.
      const message = oneLine(event.cause instanceof Error ? event.cause.message : "", 500);
      log[level]({ ...line, err: event.cause }, message);
    },
    // A line is all there is here: what makes it durable stands around this one.
    async record(event) {
      events.emit(event);
    },
  };
  return events;
}

/** Whose doing it was, where that is neither the person nor the client of the event. */
function describeActor({ kind, id, how, command }: Actor) {
  return {
    actor: id === undefined ? kind : `${kind} ${oneLine(id, 100)}`,
    ...(how !== undefined && { how: oneLine(how) }),
    ...(command !== undefined && { command: oneLine(command, 500) }),
  };
}

/** Names of tools and arguments are the client's and the server's: made harmless. */
function describeCall({ server, tool, outcome, status, milliseconds, session, ...call }: AuditedToolCall) {
  const listed = call.arguments && Object.entries(call.arguments);
  return {
    server,
    tool: oneLine(tool, 200),
    outcome,
    status,
    milliseconds,
    session,
    arguments:
      listed !== undefined && listed.length > 0
        ? Object.fromEntries(listed.map(([name, value]) => [oneLine(name, 100), oneLine(value, 200)]))
        : undefined,
  };
}
