import type { AuditEvent, Clock, Events } from "../oauth/ports.ts";

/** Lines a minute under one key, and keys a minute. */
const maxLines = 10;
const maxKeys = 200;

/**
 * For events that anybody can cause as often as they like, such as requests for what is not there: a flood of
 * them leaves some lines, and after the minute how many there were besides.
 * @param most lines a minute under one key
 * @returns emits an event, unless there were many under its key
 */
export function createBoundedEvents(
  events: Events,
  clock: Clock,
  most = maxLines,
): (key: string, event: AuditEvent) => void {
  let minute = 0;
  let lines = new Map<string, number>();
  let untold = 0;

  return (key, event) => {
    const current = Math.floor(clock.now() / 60);
    if (current !== minute) {
      minute = current;
      lines = new Map();
      if (untold > 0) {
        const detail = `${untold} more in an earlier minute, not told one by one`;
        events.emit({ name: event.name, request: event.request, detail });
      }
      untold = 0;
    }
    const before = lines.get(key) ?? 0;
    if (before === most || (before === 0 && lines.size === maxKeys)) {
      untold++;
      return;
    }
    lines.set(key, before + 1);
    events.emit(event);
  };
}
