import type { Store } from "../../oauth/store.ts";
import { type Timeline, timelineOf } from "./timeline.ts";

/** As many audit events as are looked at of an attempt. */
const maxEvents = 200;
/** The audit trail is looked through by time: an attempt's events stand among its steps, or nearly so. */
const aroundMs = 60_000;

/**
 * The timeline of an attempt, of its steps and its audit events; `undefined`: nothing is known of it (any
 * more).
 * @param now milliseconds since 1970
 */
export async function readTimeline(
  store: Pick<Store, "findTrace" | "findAudit">,
  reference: string,
  now: number,
): Promise<Timeline | undefined> {
  const steps = await store.findTrace(reference);
  const times = steps.map(({ time }) => time);
  const within =
    steps.length === 0 ? {} : { since: Math.min(...times) - aroundMs, until: Math.max(...times) + aroundMs };
  const events = await store.findAudit({ reference, ...within }, { order: "oldest", limit: maxEvents });
  return timelineOf(reference, steps, events.records, now);
}
