interface CacheOptions {
  /** With more than so many entries the one that was set longest ago goes. */
  readonly maxEntries: number;
  /** Of a clock, in whatever unit `set` is told an entry's end in. */
  readonly now: () => number;
}

/** A map of bounded size whose entries expire. What strangers can add to belongs in one. */
export class Cache<Key, Value extends NonNullable<unknown>> {
  readonly #entries = new Map<Key, { readonly value: Value; readonly expiresAt: number }>();
  readonly #maxEntries: number;
  readonly #now: () => number;

  constructor({ maxEntries, now }: CacheOptions) {
    this.#maxEntries = maxEntries;
    this.#now = now;
  }

  /** `undefined` once it has expired. */
  get(key: Key): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || this.#now() < entry.expiresAt) return entry?.value;
    this.#entries.delete(key);
    return undefined;
  }

  /** @param expiresAt the first moment at which it is gone */
  set(key: Key, value: Value, expiresAt: number): void {
    this.#entries.delete(key); // so that the one set longest ago stands first
    this.#entries.set(key, { value, expiresAt });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > this.#maxEntries && oldest !== undefined) this.#entries.delete(oldest);
  }

  /** True when it was there, expired or not. */
  delete(key: Key): boolean {
    return this.#entries.delete(key);
  }
}
