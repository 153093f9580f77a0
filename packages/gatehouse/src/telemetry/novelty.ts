import { Cache } from "../caching/cache.ts";
import { StoreUnavailableError } from "../oauth/store.ts";

/** An error that was not seen for so long is new again. */
const forgottenAfterMs = 60_000;
/** Kinds of errors that are remembered; of more than that, those seen longest ago are forgotten. */
const maxKinds = 100;

/**
 * Tells the first error of its kind from those that follow it: with the store or the identity provider down
 * every request fails alike, and one stack says as much as ten thousand. Errors are of a kind when they say
 * the same and come from the same line; whatever a store says that cannot answer is one outage.
 *
 * @param now milliseconds on a clock that never goes back
 */
export function createNovelty(now: () => number = () => performance.now()): (error: unknown) => boolean {
  const seen = new Cache<string, true>({ maxEntries: maxKinds, now });
  return (error) => {
    const kind = kindOf(error);
    const isNew = seen.get(kind) === undefined;
    seen.set(kind, true, now() + forgottenAfterMs);
    return isNew;
  };
}

function kindOf(error: unknown): string {
  if (error instanceof StoreUnavailableError) return error.name;
  if (!(error instanceof Error)) return String(error).slice(0, 200);
  const place = /^\s+at .*$/m.exec(error.stack ?? "")?.[0] ?? "";
  return `${error.name} ${error.message.slice(0, 200)} ${place}`;
}
