/** A map of bounded size: when it is full, what was put in longest ago is forgotten. */
export class RecentMap<Key, Value> extends Map<Key, Value> {
  readonly #maxEntries: number;

  constructor(maxEntries: number) {
    super();
    this.#maxEntries = maxEntries;
  }

  put(key: Key, value: Value): void {
    this.delete(key); // so that it stands at the end
    this.set(key, value);
    const [oldest] = this.keys();
    if (this.size > this.#maxEntries && oldest !== undefined) this.delete(oldest);
  }
}
