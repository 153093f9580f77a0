/** What all values of a label beyond its list are. */
export const other = "other";

/** The values of a label that are counted by themselves: a list, or the first so many that come (Z27). */
export class ClosedList {
  readonly #values: Set<string>;
  readonly #max: number;

  /** @param max so many, where the list may grow by what {@link admit} is given */
  constructor(values: readonly string[], max = values.length) {
    this.#values = new Set(values.slice(0, max));
    this.#max = max;
  }

  /** Takes up what the operator or a server of theirs has named, never what a request has. */
  admit(value: string): void {
    if (this.#values.size < this.#max) this.#values.add(value);
  }

  /** The value, or `other`. */
  of(value: string): string {
    return this.#values.has(value) ? value : other;
  }
}
