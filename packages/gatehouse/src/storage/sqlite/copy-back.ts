import type { DatabaseSync, StatementSync } from "node:sqlite";

/**
 * Pages in the write-ahead log from which on they are copied into the file. Nearly all are different ones, so
 * that fewer at a time cost little more in all, and each pause is a tenth of what SQLite's own 1000 make.
 */
const pagesToCopy = 100;

/** From here on SQLite copies them within a commit: where writes were larger than was expected of them. */
export const pagesAtMost = 1000;

/**
 * Copies the write-ahead log back into the file once those whose commit is durable have their answers. SQLite
 * does it at the end of a commit, and nobody of that commit needs to wait for it.
 */
export class CopyBack {
  readonly #connection: DatabaseSync;
  readonly #checkpoint: StatementSync;
  #writes = 0;
  /** How many pages a write adds, by those since the last time; nobody tells how long the log is by now. */
  #pagesAWrite = 4;
  /** Pages that could not be copied then, because somebody still reads what was there before. */
  #left = 0;
  #isDue = false;

  constructor(connection: DatabaseSync) {
    this.#connection = connection;
    this.#checkpoint = connection.prepare("pragma wal_checkpoint(passive)");
  }

  /** Notes that so many writes are durable; who waits for them is answered before anything is copied. */
  note(writes: number): void {
    this.#writes += writes;
    if (this.#isDue || this.#writes * this.#pagesAWrite < pagesToCopy) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      if (this.#connection.isOpen) this.#copy();
    });
  }

  #copy(): void {
    try {
      const { log, checkpointed } = this.#checkpoint.get() as { log: number; checkpointed: number };
      this.#pagesAWrite = Math.max(1, (log - this.#left) / this.#writes);
      this.#left = log === checkpointed ? 0 : log;
    } catch {
      // The pages stay in the log, and are copied the next time. What is wrong with the disk a commit tells.
    }
    this.#writes = 0;
  }
}
