import { singleFlight } from "../../caching/single-flight.ts";
import { found, type Layout } from "../layout.ts";
import type { Database, Statement } from "./database.ts";

/**
 * A look-up of what many requests want at once, such as a client: those of one turn of the event loop for the
 * same key are one.
 */
export function sharedLookup<T>(
  database: Database,
  find: Statement,
  layout: Layout<T>,
): (key: string) => Promise<T | undefined> {
  return singleFlight((key: string) => database.read(() => found(find.get(key), layout)));
}
