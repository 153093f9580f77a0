import { fdatasync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { keptDescriptor } from "./file.ts";

/** Pages of the write-ahead log that are copied into the file at once. */
const pagesToCopy = 100;

/** Pages in the log from which on it is finished, to begin anew: a start after a crash reads all of it. */
const pagesToFinish = 2000;

/** From here on SQLite copies them within a commit: where writes were larger than was expected of them. */
export const pagesAtMost = 8000;

/** Milliseconds without a write after which none is to be expected. */
const quietMs = 20;

/**
 * Copies the write-ahead log back into the file, some pages at a time, once those whose commit is durable
 * have their answers. SQLite flushes the file whenever all of the log is in it, for then the log may begin
 * anew, and everything waits four times as long as for the copy. So somebody reads what was there a commit
 * ago, which keeps the end of the log out of the file; what was copied is flushed by a thread of node's
 * meanwhile; and the log is finished once it is long. Nothing depends on that thread: until the log begins
 * anew, behind a flush of SQLite's own, all that was copied into the file is in the log as well.
 */
export class CopyBack {
  readonly #path: string;
  readonly #connection: DatabaseSync;
  readonly #checkpoint: StatementSync;
  readonly #othersVersion: StatementSync;
  #reader: Reader | undefined;
  #state: "waiting" | "reading" | "flushing" = "waiting";
  #quiet: NodeJS.Timeout | undefined;
  #isDue = false;
  /** Behind this flush the log is finished. */
  #isLast = false;
  #writes = 0;
  /** How many pages a write adds, by those since the last time; nobody tells how long the log is by now. */
  #pagesAWrite = 4;
  /** Pages in the log when it was looked at last; none where it begins anew. */
  #log = 0;
  /** Changes with each commit of somebody else. */
  #version: unknown;

  constructor(path: string, connection: DatabaseSync) {
    this.#path = path;
    this.#connection = connection;
    this.#othersVersion = connection.prepare("pragma data_version");
    this.#checkpoint = connection.prepare("pragma wal_checkpoint(passive)");
  }

  /** Notes that so many writes are durable; who waits for them is answered before anything is copied. */
  note(writes: number): void {
    this.#writes += writes;
    if (this.#isDue || this.#state === "flushing") return;
    if (this.#state === "waiting" && this.#writes * this.#pagesAWrite < pagesToCopy) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      if (!this.#connection.isOpen) return;
      if (this.#state === "waiting") this.#begin();
      else if (this.#state === "reading") this.#copy();
    });
  }

  /** Before the connection is closed. */
  close(): void {
    clearTimeout(this.#quiet);
    this.#reader?.close();
  }

  /**
   * Where another process writes as well all is copied at once, as SQLite does it: who commits during a flush
   * holds the lock for as long, and the other one waits for it.
   */
  #begin(): void {
    const version = this.#othersVersion.get()?.data_version;
    const othersWrote = version !== this.#version;
    this.#version = version;
    if (othersWrote) this.#copyPages();
    else this.#read();
  }

  #read(): void {
    try {
      this.#reader ??= new Reader(this.#path);
      this.#reader.begin();
    } catch {
      // Without a reader all is copied at once as well.
      this.#reader?.close();
      this.#reader = undefined;
      this.#copyPages();
      return;
    }
    this.#state = "reading";
    this.#quiet = setTimeout(() => this.#copy(), quietMs).unref();
  }

  #copy(): void {
    clearTimeout(this.#quiet);
    this.#copyPages();
    this.#reader?.end();
    this.#state = "waiting";
    if (this.#log === 0 || this.#reader === undefined) return;
    this.#state = "flushing";
    // What is wrong with the disk SQLite tells: it flushes the file itself before the log begins anew.
    fdatasync(this.#reader.descriptor, () => this.#flushed());
  }

  #flushed(): void {
    this.#state = "waiting";
    if (!this.#connection.isOpen || this.#log < pagesToFinish) return;
    // What came during a flush is copied and flushed once more, so that least is left for SQLite's own.
    if (this.#isLast) this.#copyPages();
    else this.#read();
    this.#isLast = !this.#isLast;
  }

  #copyPages(): void {
    try {
      const { log, checkpointed } = this.#checkpoint.get() as { log: number; checkpointed: number };
      if (this.#writes > 0) this.#pagesAWrite = Math.max(1, (log - this.#log) / this.#writes);
      this.#log = log === checkpointed ? 0 : log;
    } catch {
      // The pages stay in the log, and are copied the next time. What is wrong with the disk a commit tells.
    }
    this.#writes = 0;
  }
}

/** Reads the database as it is at one moment, as long as it is told to. */
class Reader {
  readonly descriptor: number;
  readonly #database: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #look: StatementSync;
  readonly #end: StatementSync;

  constructor(path: string) {
    this.descriptor = keptDescriptor(path);
    this.#database = new DatabaseSync(path, { readOnly: true, timeout: 0 });
    this.#begin = this.#database.prepare("begin");
    this.#look = this.#database.prepare("select 1 from sqlite_schema limit 1");
    this.#end = this.#database.prepare("commit");
  }

  begin(): void {
    this.#begin.run();
    this.#look.get();
  }

  end(): void {
    this.#end.run();
  }

  close(): void {
    this.#database.close();
  }
}
