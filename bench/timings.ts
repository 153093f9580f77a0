const maxMilliseconds = 10_000;
const perMillisecond = 100;

/**
 * Durations, counted in steps of ten microseconds: exact enough for any percentile, and nothing grows with
 * their number.
 */
export class Timings {
  readonly #counts = new Uint32Array(maxMilliseconds * perMillisecond + 1);
  #total = 0;

  add(milliseconds: number): void {
    const step = Math.min(Math.round(milliseconds * perMillisecond), maxMilliseconds * perMillisecond);
    this.#counts[step] = (this.#counts[step] ?? 0) + 1;
    this.#total++;
  }

  clear(): void {
    this.#counts.fill(0);
    this.#total = 0;
  }

  /** Milliseconds that so large a part (0 … 1) took at most; 0 when there are none. */
  at(part: number): number {
    let seen = 0;
    for (const [step, count] of this.#counts.entries()) {
      seen += count;
      if (count > 0 && seen >= part * this.#total) return step / perMillisecond;
    }
    return 0;
  }
}
