import type { AuditEvent, Events } from "../oauth/ports.ts";

/** What ends access of somebody who may have a stream open. */
const endings: ReadonlySet<AuditEvent["name"]> = new Set([
  ...(["app_disconnected", "token_revoked", "grant_revoked", "refresh_reused", "code_replayed"] as const),
  ...(["person_blocked", "person_removed", "person_disconnected", "provider_logout"] as const),
  ...(["client_removed", "access_lost"] as const),
]);

/** Tells of what this process ends, once it has ended. */
export function tellOfEndings(
  events: Events,
  onEnding: (about: Pick<AuditEvent, "grant" | "subject" | "client">) => void,
): Events {
  const tell = (event: AuditEvent) => {
    if (endings.has(event.name)) onEnding(event);
  };
  return {
    emit(event) {
      events.emit(event);
      tell(event);
    },
    async record(event) {
      try {
        await events.record(event);
      } finally {
        tell(event); // that it could not be written down does not undo it
      }
    },
  };
}
