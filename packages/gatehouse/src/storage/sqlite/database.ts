import { resolve } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { StoreUnavailableError } from "../../oauth/store.ts";
import { collected } from "../batching.ts";
import type { Row } from "../layout.ts";
import type { OnNotice } from "../notice.ts";
import { CopyBack, pagesAtMost } from "./copy-back.ts";
import { isBusy, unavailable } from "./errors.ts";
import { createPrivateFile, OpenedFile, requireFile } from "./file.ts";
import { noticeCut } from "./write-ahead-log.ts";

export type Value = string | number | null;

/** A compiled statement. Its rows are arrays. */
export interface Statement {
  get(...values: Value[]): Row | undefined;
  all(...values: Value[]): Row[];
  run(...values: Value[]): { readonly changes: number | bigint };
}

/** A look-up or a write, and who waits for it. */
interface Task {
  readonly work: () => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

export interface DatabaseOptions {
  /** How long a write waits for another process's on the same file, milliseconds; 5000 when left out. */
  readonly busyTimeoutMs?: number | undefined;
  /** How long opening it may hold up this process while another has it alone; the same when left out. */
  readonly openingTimeoutMs?: number | undefined;
  /** False: a file that does not exist is a reason to refuse instead of being made. */
  readonly create?: boolean | undefined;
  readonly onNotice?: OnNotice | undefined;
}

/**
 * One SQLite file. Writes that arrive within three turns of the event loop share one transaction, and with it
 * one flush to the disk: each promise resolves only after the commit, so durability is the same as with one
 * commit each (group commit). Look-ups of two turns share one as well: taking and checking the locks
 * costs as much as a look-up, and each after the first finds code and pages in the processor's cache.
 */
export class Database {
  readonly #connection: DatabaseSync;
  readonly #busyTimeoutMs: number;
  readonly #beginRead: StatementSync;
  readonly #beginWrite: StatementSync;
  readonly #commit: StatementSync;
  readonly #enqueueRead: (read: Task) => void;
  readonly #enqueueWrite: (write: Task) => void;
  /** Writes that nobody waits for. */
  #unhurried: Task[] = [];
  #unhurriedTimer: NodeJS.Timeout | undefined;
  #postponed: readonly Task[] = [];
  #postponedSince: number | undefined;
  #retry: NodeJS.Timeout | undefined;
  /** Undefined for one in memory. */
  readonly #file: OpenedFile | undefined;
  /** The same. */
  readonly #copyBack: CopyBack | undefined;

  /** @throws StoreUnavailableError when the file cannot be opened */
  constructor(path: string, options: DatabaseOptions = {}) {
    const { busyTimeoutMs = 5000, openingTimeoutMs = busyTimeoutMs, create = true, onNotice } = options;
    this.#busyTimeoutMs = busyTimeoutMs;
    const inMemory = path === ":memory:";
    try {
      if (!inMemory && !create) requireFile(path);
      if (!inMemory) createPrivateFile(path);
      this.#connection = new DatabaseSync(path, {
        timeout: openingTimeoutMs,
        enableForeignKeyConstraints: true,
      });
      // Look-ups read the file where the operating system has it in memory anyway, without a copy of their
      // own.
      this.#connection.exec(
        `pragma journal_mode = wal; pragma synchronous = full; pragma mmap_size = 2147418112; pragma wal_autocheckpoint = ${pagesAtMost};`,
      );
      this.#connection.exec("select 1 from sqlite_schema"); // so that all files are open
      this.#connection.exec(`pragma busy_timeout = ${busyTimeoutMs}`);
      this.#beginRead = this.#connection.prepare("begin");
      this.#beginWrite = this.#connection.prepare("begin immediate");
      this.#commit = this.#connection.prepare("commit");
      if (!inMemory) this.#file = new OpenedFile(path, onNotice);
      if (!inMemory) this.#copyBack = new CopyBack(path, this.#connection);
      if (!inMemory && onNotice !== undefined) this.#mentionCut(path, onNotice);
    } catch (error) {
      throw new StoreUnavailableError(`the database ${inMemory ? path : resolve(path)} cannot be opened`, {
        cause: error,
      });
    }
    // An introspection looks up two things at once.
    this.#enqueueRead = collected((reads) => this.#look(reads), { turns: 2, ofOneRequest: 2 });
    this.#enqueueWrite = collected((writes) => this.#run(writes));
  }

  /** A statement, compiled once. */
  prepare(sql: string): Statement {
    const statement = this.#connection.prepare(sql);
    statement.setReturnArrays(true);
    return statement as unknown as Statement; // its types know rows as objects only
  }

  /** Runs statements without parameters or results, in the caller's transaction if there is one. */
  exec(sql: string): void {
    this.#connection.exec(sql);
  }

  /** A look-up. Sees every write whose promise has resolved. */
  read<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => this.#enqueueRead({ work, resolve, reject }));
  }

  /**
   * A write: `work` happens as a whole or not at all, and durably once this resolves. It may run twice, so it
   * must do nothing but statements.
   */
  write<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => this.#enqueueWrite({ work, resolve, reject }));
  }

  /**
   * The same for what nobody waits for: it goes with the next write, and so costs no flush of its own, or
   * after {@link companyMs} without one.
   */
  writeWithOthers<T>(work: () => T): Promise<T> {
    this.#unhurriedTimer ??= setTimeout(() => this.#run([]), companyMs);
    return new Promise<T>((resolve, reject) => this.#unhurried.push({ work, resolve, reject }));
  }

  close(): void {
    if (!this.#connection.isOpen) return;
    this.#copyBack?.close();
    this.#connection.close();
  }

  /**
   * What a crash left of the write-ahead log has been recovered by now, and what was left out is still there
   * until somebody writes.
   */
  #mentionCut(path: string, onNotice: OnNotice): void {
    try {
      this.#inTransaction(
        () => this.#takeLock(),
        () => noticeCut(path, onNotice),
      );
    } catch (error) {
      if (!isBusy(error)) throw error; // whoever writes opened it before us
    }
  }

  #look(reads: readonly Task[]): void {
    let answers: (() => void)[];
    try {
      this.#file?.refuseGhost("now and then");
      answers = this.#inTransaction(
        () => this.#beginRead.run(),
        () => reads.map(answerTo),
      );
    } catch (error) {
      const failure = unavailable(error);
      answers = reads.map(
        ({ reject }) =>
          () =>
            reject(failure),
      );
    }
    for (const answer of answers) answer();
  }

  /**
   * What arrived, and before it what waits for another process to be done with its write; behind it what
   * nobody waits for.
   */
  #run(arrived: readonly Task[]): void {
    const writes = [...this.#postponed, ...arrived, ...this.#takeUnhurried()];
    if (this.#retry !== undefined) {
      this.#postponed = writes; // with the next attempt: one that fails costs time as well
      return;
    }
    this.#postponed = [];
    if (writes.length === 0) return;
    let results: unknown[];
    try {
      this.#file?.refuseGhost();
      results = this.#inTransaction(
        () => this.#takeLock(),
        () => writes.map(({ work }) => work()),
      );
      this.#postponedSince = undefined;
    } catch (error) {
      if (isBusy(error) && this.#postpone(writes)) return;
      this.#postponedSince = undefined; // the next wait has all its time
      const failure = unavailable(error);
      if (writes.length === 1 || failure instanceof StoreUnavailableError) {
        // A database that cannot answer one of them answers none: trying each would only make them wait in
        // turn.
        for (const { reject } of writes) reject(failure);
        return;
      }
      // One of them failed and took the others down: each once more by itself, so that only the culprit
      // fails.
      for (const write of writes) this.#run([write]);
      return;
    }
    writes.forEach(({ resolve }, at) => {
      resolve(results[at] as never);
    });
    this.#copyBack?.note(writes.length);
  }

  #takeUnhurried(): readonly Task[] {
    const taken = this.#unhurried;
    if (taken.length > 0) this.#unhurried = [];
    clearTimeout(this.#unhurriedTimer);
    this.#unhurriedTimer = undefined;
    return taken;
  }

  /**
   * Keeps writes for another attempt in a moment, while look-ups and everything else go on: to wait in SQLite
   * would stop the process. False when they have waited long enough.
   */
  #postpone(writes: readonly Task[]): boolean {
    const now = performance.now();
    this.#postponedSince ??= now;
    if (now - this.#postponedSince >= this.#busyTimeoutMs) return false;
    this.#postponed = writes;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#run([]);
    }, retryPauseMs);
    return true;
  }

  /** Begins a write, or throws at once when another process is at it. */
  #takeLock(): void {
    this.#connection.exec("pragma busy_timeout = 0");
    try {
      this.#beginWrite.run();
    } finally {
      this.#connection.exec(`pragma busy_timeout = ${this.#busyTimeoutMs}`);
    }
  }

  #inTransaction<T>(begin: () => void, work: () => T): T {
    begin();
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

/**
 * What a look-up found or failed with, to be told once the transaction is over; one that fails takes no other
 * down.
 */
function answerTo({ work, resolve, reject }: Task): () => void {
  try {
    const result = work();
    return () => resolve(result as never);
  } catch (error) {
    return () => reject(unavailable(error));
  }
}

/** For so long a write that nobody waits for waits for another: 200 batches a second are enough. */
const companyMs = 5;

/**
 * Between two attempts to begin a write that another process is in the way of: about as long as one takes.
 */
const retryPauseMs = 1;
