import type { Store } from "../../oauth/store.ts";
import { coarseBounds, Durations } from "./histogram.ts";
import { elapsed } from "./meter.ts";

/**
 * Of so many operations one is timed. What a look-up takes is a few dozen microseconds, of which a clock read
 * twice and a promise more would be seen.
 */
const sampled = 16;

type Operation = (...values: unknown[]) => unknown;

/** A store, and how long its operations take, by their names. */
export function measuredStore(store: Store, durations: Map<string, Durations>): Store {
  const operations = store as unknown as Record<string, Operation>;
  let turn = 0;
  const measured = Object.keys(store).map((name) => {
    const operation = operations[name] as Operation;
    const times = new Durations(coarseBounds);
    durations.set(name, times);
    const perform = (...values: unknown[]) => {
      if (++turn % sampled !== 0) return operation.apply(store, values);
      const begun = performance.now();
      const over = () => times.add(elapsed(begun));
      const answer = operation.apply(store, values);
      if (answer instanceof Promise) answer.then(over, over);
      return answer;
    };
    return [name, perform];
  });
  return Object.fromEntries(measured) as Store; // the same operations under the same names
}
