import type { Level } from "pino";
import type { Actor } from "../oauth/audit-record.ts";
import { oneLine } from "../oauth/harmless.ts";
import { jsonLine, memberOf } from "../oauth/json-text.ts";
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
  console_refused: "warn",
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

/** Made harmless, and cut to so many characters. */
const member = (name: string, value: string | undefined, maxLength?: number): string =>
  value === undefined ? "" : memberOf(name, jsonLine(value, maxLength));

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
      const members =
        member("event", event.name) +
        member("request", event.request) +
        member("attempt", event.attempt) +
        member("client", event.client) +
        member("subject", event.subject) +
        member("provider", event.provider) +
        member("account", event.account) +
        member("grant", event.grant) +
        member("redirectUri", event.redirectUri) +
        member("resource", event.resource) +
        member("scope", event.scope) +
        member("address", event.address) +
        member("userAgent", event.userAgent) +
        member("error", event.error) +
        member("reason", event.reason) +
        member("detail", event.detail, detailLength(event.name)) +
        (event.count === undefined ? "" : `,"count":${event.count}`) +
        (event.actor === undefined ? "" : describeActor(event.actor)) +
        (event.call === undefined ? "" : describeCall(event.call));
      if (event.cause === undefined) return log.writeEvent(level, members);
      // The log describes it, and would take its message as it is for that of the line.
      const message = oneLine(event.cause instanceof Error ? event.cause.message : "", 500);
      log[level]({ ...JSON.parse(`{${members.slice(1)}}`), err: event.cause }, message);
    },
    // A line is all there is here: what makes it durable stands around this one.
    async record(event) {
      events.emit(event);
    },
  };
  return events;
}

/** Whose doing it was, where that is neither the person nor the client of the event. */
function describeActor({ kind, id, how, command }: Actor): string {
  const actor = id === undefined ? kind : `${kind} ${oneLine(id, 100)}`;
  return member("actor", actor) + member("how", how) + member("command", command, 500);
}

/** Names of tools and arguments are the client's and the server's. */
function describeCall(call: AuditedToolCall): string {
  const listed = Object.entries(call.arguments ?? {});
  const seen = listed.map(([name, value]) => [oneLine(name, 100), oneLine(value, 200)]);
  return (
    member("server", call.server) +
    member("tool", call.tool) +
    member("outcome", call.outcome) +
    (call.status === undefined ? "" : `,"status":${call.status}`) +
    `,"milliseconds":${call.milliseconds}` +
    member("session", call.session) +
    (seen.length === 0 ? "" : `,"arguments":${JSON.stringify(Object.fromEntries(seen))}`)
  );
}
