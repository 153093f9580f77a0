import type { KnownKey } from "../oauth/store/keys.ts";
import { type Seconds, seconds } from "../oauth/values.ts";

/**
 * When a process counts as started with this key: now, or a second after the latest that started with another
 * one, so that the last one is always known, within one second and with a clock that was set back too.
 */
export function startedAfterOthers(known: readonly KnownKey[], fingerprint: string, now: Seconds): Seconds {
  const others = known.filter((key) => key.fingerprint !== fingerprint);
  const latest = Math.max(0, ...others.map(({ startedAt = 0 }) => startedAt));
  return latest < now ? now : seconds(latest + 1);
}
