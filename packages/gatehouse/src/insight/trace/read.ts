import type { Store } from "../../oauth/store.ts";
import { type Timeline, timelineOf } from "./timeline.ts";

/** The timeline of an attempt; `undefined`: nothing is known of it (any more). @param now milliseconds */
export async function readTimeline(
  store: Pick<Store, "findTrace">,
  reference: string,
  now: number,
): Promise<Timeline | undefined> {
  return timelineOf(reference, await store.findTrace(reference), [], now);
}
