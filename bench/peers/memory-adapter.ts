type Row = Record<string, unknown>;

/**
 * As little as oidc-provider asks of a store, for the rows of one model. Nothing is removed when it expires:
 * oidc-provider looks at `exp` itself.
 */
export class MemoryAdapter {
  readonly #rows = new Map<string, Row>();

  async upsert(id: string, row: Row): Promise<void> {
    this.#rows.set(id, row);
  }

  async find(id: string): Promise<Row | undefined> {
    return this.#rows.get(id);
  }

  async consume(id: string): Promise<void> {
    const row = this.#rows.get(id);
    if (row !== undefined) row.consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id: string): Promise<void> {
    this.#rows.delete(id);
  }

  /**
   * Looks at every row: it happens when a code or token is used twice, and an index would have to be kept
   * with each row stored.
   */
  async revokeByGrantId(grantId: string): Promise<void> {
    for (const [id, row] of this.#rows) if (row.grantId === grantId) this.#rows.delete(id);
  }
}
