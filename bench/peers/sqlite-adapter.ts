import { DatabaseSync } from "node:sqlite";

type Row = Record<string, unknown>;

/**
 * A file that oidc-provider's rows are kept in, as durable as ours: a write has been flushed to the disk
 * before its promise resolves. Those of one turn of the event loop share a commit, because one each would
 * measure the disk alone.
 */
export class RowFile {
  readonly #database: DatabaseSync;
  #waiting: {
    readonly work: () => void;
    readonly done: () => void;
    readonly failed: (e: unknown) => void;
  }[] = [];

  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    this.#database.exec(`pragma journal_mode = wal; pragma synchronous = full; pragma mmap_size = 2147418112;
      create table if not exists rows (id text primary key, row text not null, grant_id text) strict;
      create index if not exists rows_grant_id on rows (grant_id) where grant_id is not null`);
  }

  prepare(sql: string) {
    return this.#database.prepare(sql);
  }

  /** Many at once, before anybody is served. */
  async filling(fill: () => Promise<void>): Promise<void> {
    this.#database.exec("begin");
    this.#isFilling = true;
    await fill();
    this.#isFilling = false;
    this.#database.exec("commit; pragma wal_checkpoint(truncate)");
  }
  #isFilling = false;

  write(work: () => void): Promise<void> {
    if (this.#isFilling) return Promise.resolve(work());
    return new Promise((done, failed) => {
      if (this.#waiting.push({ work, done, failed }) === 1) setImmediate(() => this.#commit());
    });
  }

  #commit(): void {
    const writes = this.#waiting;
    this.#waiting = [];
    try {
      this.#database.exec("begin immediate");
      for (const { work } of writes) work();
      this.#database.exec("commit");
      for (const { done } of writes) done();
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("rollback");
      for (const { failed } of writes) failed(error);
    }
  }
}

/** What oidc-provider asks of a store, for the rows of one model, in a {@link RowFile}. */
export function sqliteAdapters(file: RowFile) {
  const store = file.prepare(
    "insert into rows (id, row, grant_id) values (?, ?, ?) on conflict (id) do update set row = excluded.row, grant_id = excluded.grant_id",
  );
  const find = file.prepare("select row from rows where id = ?");
  const remove = file.prepare("delete from rows where id = ?");
  const revoke = file.prepare("delete from rows where grant_id = ?");
  const rowOf = (key: string): Row | undefined => {
    const found = find.get(key)?.row;
    return typeof found === "string" ? JSON.parse(found) : undefined;
  };
  const put = (key: string, row: Row) =>
    void store.run(key, JSON.stringify(row), typeof row.grantId === "string" ? row.grantId : null);
  return (model: string) => {
    const keyOf = (id: string) => `${model} ${id}`;
    return {
      upsert: (id: string, row: Row) => file.write(() => put(keyOf(id), row)),
      find: async (id: string) => rowOf(keyOf(id)),
      consume: (id: string) =>
        file.write(() => {
          const row = rowOf(keyOf(id));
          if (row !== undefined) put(keyOf(id), { ...row, consumed: Math.floor(Date.now() / 1000) });
        }),
      destroy: (id: string) => file.write(() => void remove.run(keyOf(id))),
      revokeByGrantId: (grantId: string) => file.write(() => void revoke.run(grantId)),
    };
  };
}
