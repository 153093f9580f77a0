import type { AuditEventName } from "../../oauth/audit-events.ts";
import type { AuditEvent } from "../../oauth/ports.ts";

/**
 * Records a minute of what any stranger can cause as often as they like: more of them would push everything
 * else out of the trail before its time. The log has each.
 */
const bounds: Partial<Record<AuditEventName, number>> = {
  request_refused: 20,
  not_found: 20,
  introspection_refused: 20,
  client_authentication_failed: 20,
  session_foreign: 20,
  limit_reached: 60,
};

/**
 * Hands events on, of those of strangers so many a minute, and in a later minute how many there were besides.
 * @param now milliseconds since 1970
 */
export function withoutFloods(
  add: (event: AuditEvent) => void,
  now: () => number,
): (event: AuditEvent) => void {
  let minute = 0;
  const seen = new Map<AuditEventName, number>();

  function beginMinute(): void {
    for (const [name, count] of seen) {
      const more = count - (bounds[name] ?? count);
      if (more <= 0) continue;
      const detail = `${more} more in an earlier minute, which stand in the log alone`;
      add({ name, request: "-", count: more, detail });
    }
    seen.clear();
  }

  return (event) => {
    const bound = bounds[event.name];
    if (bound === undefined) return add(event);
    const current = Math.floor(now() / 60_000);
    if (current !== minute) {
      beginMinute();
      minute = current;
    }
    const before = seen.get(event.name) ?? 0;
    seen.set(event.name, before + 1);
    if (before < bound) add(event);
  };
}
