/** Upper bounds in seconds: from a look-up in memory to somebody's patience. */
const durationBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** For what there are many kinds of. */
export const coarseBounds = [0.001, 0.01, 0.1, 1, 10];
/** For what others do. */
export const callBounds = [0.025, 0.1, 0.5, 2.5, 10];

/** How long something took, counted by how long: an addition or two each time. */
export class Durations {
  readonly #bounds: readonly number[];
  /** By bound, not cumulative; the last: longer than all. */
  readonly #counts: Float64Array;
  #sum = 0;

  constructor(bounds: readonly number[] = durationBounds) {
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  /** @param seconds by a clock that never goes back */
  add(seconds: number): void {
    let at = 0;
    while (at < this.#bounds.length && seconds > (this.#bounds[at] as number)) at++;
    this.#counts[at] = (this.#counts[at] as number) + 1;
    this.#sum += seconds;
  }

  /** As Prometheus counts: each bucket holds all below it. */
  read(): {
    readonly buckets: readonly (readonly [bound: number | "+Inf", count: number])[];
    readonly sum: number;
  } {
    let count = 0;
    const buckets = [...this.#counts].map((own, at) => {
      count += own;
      return [this.#bounds[at] ?? "+Inf", count] as const;
    });
    return { buckets, sum: this.#sum };
  }
}

/** Numbers by the values of a label or two. */
export class Tally {
  readonly #counts = new Map<string, number>();

  add(key: string): void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  read(): ReadonlyMap<string, number> {
    return this.#counts;
  }
}
