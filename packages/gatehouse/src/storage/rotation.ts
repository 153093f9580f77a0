import { maxReplayGenerations, type ReplayPolicy, type Rotation } from "../oauth/store/grants.ts";
import type { Seconds } from "../oauth/values.ts";

/*
 * What becomes of a grant when one of its refresh tokens is presented, decided on what its row says and the
 * same on every database. The adapter sees to it that the row still says so when it changes it.
 */

/** What a row says of its refresh tokens. */
export interface Lineage {
  /** The live generation; 0: there is none. */
  readonly generation: number;
  /** When the live one was minted. */
  readonly rotatedAt: Seconds;
  /**
   * When each generation before the live one was superseded, the latest first, or that it was
   * {@link skipped}.
   */
  readonly superseded: readonly number[];
}

/** Stands in the place of an instant: this generation was never presented before another took its place. */
export const skipped = 0;

/**
 * How a rotation ends; with `superseded` where the row is to change, along with its generation, `rotatedAt`
 * and end.
 */
export type Decision = Exclude<Rotation, { outcome: "gone" }> & { readonly superseded?: readonly number[] };

export interface Presented {
  readonly presented: number;
  readonly now: Seconds;
  readonly replay: ReplayPolicy;
}

/** @param asked a generation whose token was proven genuine */
export function decideRotation(
  { generation, rotatedAt, superseded }: Lineage,
  { presented, now, replay }: Presented,
): Decision {
  if (generation < 1 || presented < 1) return tooOld;
  if (presented === generation) {
    const remembered = rememberedAfter(superseded, replay);
    return {
      outcome: "rotated",
      generation: generation + 1,
      superseded: [now, ...superseded].slice(0, remembered),
    };
  }
  if (presented > generation) {
    // G16: of what was before it the row knows nothing true, so nothing of that is forgiven.
    return { outcome: "fast_forwarded", generation: presented + 1, superseded: [now] };
  }
  const since = superseded.slice(0, generation - presented);
  const at = since[generation - presented - 1];
  if (at === undefined) return tooOld;
  if (at === skipped) return { outcome: "reused", reason: "skipped" }; // G14
  const back = since.filter((entry) => entry !== skipped).length;
  // The preceding one counts from when it was last answered with another generation, so that a late one may
  // be retried (G15).
  const answered = back === 1 ? rotatedAt : at;
  if (back <= replay.generations && now - answered < replay.window)
    return { outcome: "replayed", generation };
  if (back > 1 || now - at >= replay.late) return tooOld;
  return {
    outcome: "skipped_ahead", // G13
    generation: generation + 1,
    superseded: [skipped, ...superseded].slice(0, maxReplayGenerations),
  };
}

const tooOld: Decision = { outcome: "reused", reason: "superseded" };

/**
 * As many as are forgiven; once one was skipped all that a store remembers, so that whoever presents that one
 * later is told from others.
 */
function rememberedAfter(superseded: readonly number[], { generations }: ReplayPolicy): number {
  return superseded.includes(skipped) ? maxReplayGenerations : generations;
}
