import type { HourOfEvents, PlaceOfEvent } from "../oauth/store/listing.ts";
import type { Row } from "./layout.ts";

/* What is told of many records of the audit trail together. */

export const hourMs = 3_600_000;

export const hourOfEvents = ([name, hour, count]: Row): HourOfEvents => ({
  name: String(name),
  hour: Number(hour),
  count: Number(count),
});

/** @param found of each name the newest first */
export function newestPlaces(found: readonly (readonly Row[])[], limit: number): PlaceOfEvent[] {
  return found
    .flat()
    .map(([chain, sequence, time]) => ({
      chain: String(chain),
      sequence: Number(sequence),
      time: Number(time),
    }))
    .sort((a, b) => b.time - a.time)
    .slice(0, limit);
}
