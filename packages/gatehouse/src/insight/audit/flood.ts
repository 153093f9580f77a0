import type { AuditEventName } from "../../oauth/audit-events.ts";
import type { AuditEvent } from "../../oauth/ports.ts";

interface Bound {
  /** Records a minute. */
  readonly minute: number;
  /** And a day: what a minute takes would fill the trail within days, if every minute took it. */
  readonly day: number;
}

const noise: Bound = { minute: 20, day: 1000 };
/** What people and apps cause as well, and shall have a record each: a busy day of them. */
const rarer: Bound = { minute: 100, day: 3000 };

/**
 * Of what any stranger can cause as often as they like: more of them would push everything else out of the
 * trail before its time. The log has each.
 */
const bounds: Partial<Record<AuditEventName, Bound>> = {
  request_refused: noise,
  not_found: noise,
  introspection_refused: noise,
  introspection_accepted: noise, // once for each that was refused
  client_authentication_failed: noise,
  session_foreign: noise,
  limit_reached: { minute: 60, day: 2000 },
  sign_in_failed: rarer,
  sign_in_cancelled: rarer,
  attempt_expired: rarer,
  passkey_refused: rarer,
  client_registered: rarer,
  client_document_unavailable: rarer,
  failure: rarer,
};

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** Of one name: what came in this minute and day, and what of it no record tells of yet. */
interface Seen {
  minute: number;
  inMinute: number;
  day: number;
  inDay: number;
  untold: number;
  /** Not before then they are told of. */
  tellAt: number;
}

/**
 * Hands events on, of those of strangers so many a minute and a day, and later how many there were besides:
 * in the next minute, or once an hour where the day has had its records.
 * @param now milliseconds since 1970
 */
export function withoutFloods(
  add: (event: AuditEvent) => void,
  now: () => number,
): (event: AuditEvent) => void {
  const seen = new Map<AuditEventName, Seen>();

  function tellUntold(time: number): void {
    for (const [name, each] of seen) {
      if (each.untold === 0 || time < each.tellAt) continue;
      const detail = `${each.untold} more at an earlier time, which stand in the log alone`;
      add({ name, request: "-", count: each.untold, detail });
      each.untold = 0;
    }
  }

  return (event) => {
    const bound = bounds[event.name];
    if (bound === undefined) return add(event);
    const time = now();
    tellUntold(time);
    const [minute, day] = [Math.floor(time / minuteMs), Math.floor(time / dayMs)];
    const each = seen.get(event.name) ?? { minute, inMinute: 0, day, inDay: 0, untold: 0, tellAt: 0 };
    seen.set(event.name, each);
    if (each.minute !== minute) [each.minute, each.inMinute] = [minute, 0];
    if (each.day !== day) [each.day, each.inDay] = [day, 0];
    if (each.inMinute < bound.minute && each.inDay < bound.day) {
      each.inMinute++;
      each.inDay++;
      return add(event);
    }
    if (each.untold === 0) {
      const step = each.inDay < bound.day ? minuteMs : hourMs;
      each.tellAt = (Math.floor(time / step) + 1) * step;
    }
    each.untold++;
  };
}
