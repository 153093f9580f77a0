import { setTimeout as pause } from "node:timers/promises";
import type { EndedHoldings } from "../oauth/store/people.ts";

/** Between two steps others have the database to themselves, for so many times as long as a step took. */
const pauseToStep = 2;
/** A step that had to wait for others itself says little about what it costs them. */
const maxPauseMs = 50;

function letOthersPass(begun: number): Promise<void> {
  return pause(Math.min(pauseToStep * (performance.now() - begun), maxPauseMs));
}

/**
 * Goes on step by step until one says that it was the last, so that nobody waits for what has much to remove
 * (X11).
 * @param step each in a transaction of its own; `undefined`: there may be more
 */
export async function stepByStep<T>(step: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const begun = performance.now();
    const result = await step();
    if (result !== undefined) return result;
    await letOthersPass(begun);
  }
}

/** The same, counting the grants; `undefined` where the first step finds nothing to end. */
export async function countedInSteps(
  step: () => Promise<{ readonly grants: number; readonly isAll: boolean } | undefined>,
): Promise<{ readonly grants: number } | undefined> {
  let grants = 0;
  const { ended } = await stepByStep(async () => {
    const some = await step();
    if (some === undefined) return { ended: undefined };
    grants += some.grants;
    return some.isAll ? { ended: { grants } } : undefined;
  });
  return ended;
}

/** One step of ending what lives of a person's; `undefined`: they are unknown. */
type Step = { readonly ended: EndedHoldings; readonly isAll: boolean } | undefined;

/** The same of what lives of a person's. @returns what ended in all */
export function endedInSteps(step: () => Promise<Step>): Promise<EndedHoldings | undefined> {
  let total: EndedHoldings = { sessions: 0, codes: 0, grants: [] };
  return stepByStep(async () => {
    const some = await step();
    if (some === undefined) return { total: undefined };
    const { sessions, codes, grants } = some.ended;
    total = {
      sessions: total.sessions + sessions,
      codes: total.codes + codes,
      grants: [...total.grants, ...grants],
    };
    return some.isAll ? { total } : undefined;
  }).then((done) => done.total);
}

/**
 * The same with what is known: so many at a time.
 * @param hurry aborted: nobody else is there any more for whom it would have to wait
 */
export async function inParts<T>(
  all: readonly T[],
  atOnce: number,
  step: (some: readonly T[]) => Promise<void>,
  hurry?: AbortSignal,
): Promise<void> {
  for (let at = 0; at < all.length; at += atOnce) {
    const begun = performance.now();
    await step(all.slice(at, at + atOnce));
    if (at + atOnce < all.length && !hurry?.aborted) await letOthersPass(begun);
  }
}
