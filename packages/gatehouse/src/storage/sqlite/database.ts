import { chmodSync, closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { StoreUnavailableError } from "../../oauth/ports.ts";
import { gather } from "../batch.ts";

interface Write {
  readonly work: () => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One SQLite file. Writes that arrive in one turn of the event loop share one transaction, and with it one flush to the disk: each promise
 * resolves only after the commit, so durability is the same as with one commit each (group commit).
 */
export class Database {
  readonly #connection: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #enqueue: (write: Write) => void;

  /**
   * @param busyMilliseconds how long a statement waits for another process's write on the same file
   * @throws StoreUnavailableError when the file cannot be opened
   */
  constructor(path: string, busyMilliseconds = 5000) {
    try {
      if (path !== ":memory:") createPrivateFile(path);
      this.#connection = new DatabaseSync(path, {
        timeout: busyMilliseconds,
        enableForeignKeyConstraints: true,
      });
      // The cache holds all inner pages of ten million tokens, so that a look-up reads one page at most.
      this.#connection.exec(
        "pragma journal_mode = wal; pragma synchronous = full; pragma cache_size = -32768;",
      );
      this.#begin = this.#connection.prepare("begin immediate");
      this.#commit = this.#connection.prepare("commit");
    } catch (error) {
      throw new StoreUnavailableError(`the database ${path} cannot be opened`, { cause: error });
    }
    this.#enqueue = gather((writes) => this.#run(writes));
  }

  /** A statement, compiled once and kept. */
  prepare(sql: string): StatementSync {
    return this.#connection.prepare(sql);
  }

  /** Runs statements without parameters or results, in the caller's transaction if there is one. */
  exec(sql: string): void {
    this.#connection.exec(sql);
  }

  /** A look-up. Sees every write whose promise has resolved. */
  async read<T>(work: () => T): Promise<T> {
    try {
      return work();
    } catch (error) {
      throw unavailable(error);
    }
  }

  /** A write: `work` happens as a whole or not at all, and durably once this resolves. It may run twice, so it must do nothing but statements. */
  write<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => this.#enqueue({ work, resolve, reject }));
  }

  close(): void {
    if (this.#connection.isOpen) this.#connection.close();
  }

  #run(writes: readonly Write[]): void {
    let results: unknown[];
    try {
      results = this.#inTransaction(() => writes.map(({ work }) => work()));
    } catch (error) {
      const failure = unavailable(error);
      if (writes.length === 1 || failure instanceof StoreUnavailableError) {
        // A database that cannot answer one of them answers none: trying each would only make them wait in turn.
        for (const { reject } of writes) reject(failure);
        return;
      }
      // One of them failed and took the others down: each once more by itself, so that only the culprit fails.
      for (const write of writes) this.#run([write]);
      return;
    }
    writes.forEach(({ resolve }, at) => {
      resolve(results[at] as never);
    });
  }

  #inTransaction<T>(work: () => T): T {
    this.#begin.run();
    try {
      const result = work();
      this.#commit.run();
      return result;
    } catch (error) {
      if (this.#connection.isOpen && this.#connection.isTransaction) this.#connection.exec("rollback");
      throw error;
    }
  }
}

/** The file, its folder and its journals are the owner's alone. */
function createPrivateFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, "a", 0o600));
  if (process.platform !== "win32") chmodSync(path, 0o600);
}

const constraintViolated = 19;

/** Busy, full, broken, closed: the store cannot answer now. A violated constraint or anything not from SQLite is a defect, and stays what it is. */
function unavailable(error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error)) return error;
  const closed = error.code === "ERR_INVALID_STATE";
  const sqlite = error.code === "ERR_SQLITE_ERROR" && "errcode" in error && typeof error.errcode === "number";
  if (!closed && !(sqlite && ((error.errcode as number) & 0xff) !== constraintViolated)) return error;
  return new StoreUnavailableError("the database cannot answer", { cause: error });
}
