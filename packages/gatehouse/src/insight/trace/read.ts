import type { Store } from "../../oauth/store.ts";
import { type Timeline, timelineOf } from "./timeline.ts";

/** As many audit events as are looked at of an attempt. */
const maxEvents = 200;
/**
 * The audit trail is looked through by time. Events of an attempt stand within its steps, but for a little;
 * a registration is forgotten when it was not used for so long. Milliseconds.
 */
const aroundMs = 60_000;
const registrationMs = 90 * 86_400_000;

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
  const timeline = timelineOf(reference, steps, events.records, now);
  if (timeline === undefined) return undefined;
  return { ...timeline, registration: await registrationOf(store, timeline) };
}

/** The reference of the registration that an attempt's app goes by: the last one before it. */
async function registrationOf(
  store: Pick<Store, "findAudit">,
  { reference, client, entries: [first] }: Timeline,
): Promise<string | undefined> {
  if (client === undefined || first === undefined) return undefined;
  const time = { since: first.time - registrationMs, until: first.time + 1 };
  const [found] = (
    await store.findAudit({ client, name: "client_registered", ...time }, { order: "newest", limit: 1 })
  ).records;
  return found?.reference === reference ? undefined : found?.reference;
}
