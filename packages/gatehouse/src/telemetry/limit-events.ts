import type { Clock, Events } from "../oauth/ports.ts";

/** Budgets and addresses together that are told of in a minute. */
const maxKeys = 200;

/**
 * Of all that tell that a limit was reached, lets one a minute through for each budget and whoever used it up
 * (Z34): the address, or the person where the budget is theirs. It says how often that happened in the minute
 * before.
 */
export function limitsOnceAMinute(events: Events, clock: Clock): Events {
  let minute = 0;
  let reached = new Map<string, number>();
  let before = new Map<string, number>();

  return {
    ...events,
    emit(event) {
      if (event.name !== "limit_reached") return events.emit(event);
      const current = Math.floor(clock.now() / 60);
      if (current !== minute) {
        before = current === minute + 1 ? reached : new Map();
        reached = new Map();
        minute = current;
      }
      const key = `${event.reason} ${event.subject ?? event.address}`;
      const times = reached.get(key);
      if (times === undefined && reached.size === maxKeys) return;
      reached.set(key, (times ?? 0) + 1);
      if (times === undefined) events.emit({ ...event, count: before.get(key) });
    },
  };
}
