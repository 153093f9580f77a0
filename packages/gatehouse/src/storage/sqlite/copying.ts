import { closeSync, fdatasyncSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

/** Of what is written at once: little enough that a server's own flush is not long behind this one's. */
const bytesAtOnce = 512 * 1024;
/** Of what is read at once where nothing is to be written. */
const maxReadBytes = 8 * 1024 * 1024;
/** Bytes a millisecond, 33 seconds a gigabyte: a small database is not to be copied in one burst either. */
const pace = 30_000;
/** So many times as long as a step took comes a rest at least: the disk is the server's most of the time. */
const restShare = 4;
/** Bytes a millisecond, 45 seconds a gigabyte: behind that there is no more rest. */
const slowestPace = 22_000;
/** In which some moment comes at which nobody else is in the middle of reading, or writes in between. */
const defaultTimeoutMs = 30_000;

/** Another program reads the database in one transaction, and goes on with that. */
export class LongReaderError extends Error {
  override readonly name = "LongReaderError";
}

/**
 * Copies a database that others write to, as it is at one moment near the end. The file is copied as it
 * stands, which takes long; then what changed meanwhile; then, under a reading transaction, what changed
 * since. Only that last part keeps the write-ahead log from being used again, and what a log that grows costs
 * each flush of the server is why it is short. Blocks the process.
 *
 * Only for a process that has the database open nowhere else: to close a file takes the locks with it that
 * the process has on it.
 * @param draft an empty file
 * @param timeoutMs for how long another's reading transaction may go on, once all but the last part is done
 * @throws LongReaderError
 */
export function copyDatabase(path: string, draft: string, timeoutMs = defaultTimeoutMs): void {
  const reader = new DatabaseSync(path, { timeout: 5000 });
  const database = new DatabaseSync(path, { timeout: 5000 });
  const source = openSync(path, "r");
  const target = openSync(draft, "r+");
  try {
    const copy = new PacedCopy(source, target, fstatSync(source).size);
    copy.bringUpToDate(fstatSync(source).size);
    copy.bringUpToDate(fstatSync(source).size);
    const size = holdSnapshot(reader, database, timeoutMs);
    copy.bringUpToDate(size);
    ftruncateSync(target, size); // it may have been longer at first
  } finally {
    reader.close();
    database.close();
    closeSync(source);
    closeSync(target);
  }
}

/**
 * Begins a reading transaction at a moment at which all of the write-ahead log is in the database's file:
 * that file is then what the transaction sees, and stays so until it ends, since no checkpoint goes beyond
 * the oldest reader.
 * @param reader has the transaction
 * @param database copies the log back; the reader itself must not
 * @returns bytes of the file that belong to the database
 */
function holdSnapshot(reader: DatabaseSync, database: DatabaseSync, timeoutMs: number): number {
  const giveUpAt = performance.now() + timeoutMs;
  while (performance.now() < giveUpAt) {
    reader.exec("begin; select 1 from sqlite_schema");
    const checkpoint = database.prepare("pragma wal_checkpoint(passive)").get();
    if (checkpoint?.busy === 0 && checkpoint.log === checkpoint.checkpointed) {
      const pages = Number(reader.prepare("pragma page_count").get()?.page_count);
      return pages * Number(reader.prepare("pragma page_size").get()?.page_size);
    }
    reader.exec("rollback"); // somebody wrote, or reads what is older
    rest(Math.random() * 5);
  }
  throw new LongReaderError();
}

/** A copy of a file that can be brought up to date again, in small steps that are flushed each. */
class PacedCopy {
  readonly #source: number;
  readonly #target: number;
  readonly #begun = performance.now();
  readonly #size: number;
  readonly #found = Buffer.allocUnsafe(bytesAtOnce);
  readonly #had = Buffer.allocUnsafe(bytesAtOnce);
  #stepBegun = performance.now();
  /** In the step under way. */
  #read = 0;
  #unflushed = 0;
  #written = 0;

  /** @param size of the file, about */
  constructor(source: number, target: number, size: number) {
    this.#source = source;
    this.#target = target;
    this.#size = size;
  }

  /** Writes what the copy has otherwise, of the first so many bytes. */
  bringUpToDate(size: number): void {
    this.#stepBegun = performance.now();
    for (let at = 0; at < size; at += bytesAtOnce) {
      const found = readAt(this.#source, this.#found, at, size);
      const had = readAt(this.#target, this.#had, at, size);
      this.#read += found.length;
      for (const [from, to] of differences(found, had)) {
        writeSync(this.#target, found, from, to - from, at + from);
        this.#unflushed += to - from;
      }
      if (this.#unflushed >= bytesAtOnce || this.#read >= maxReadBytes) this.#endStep();
    }
    this.#endStep();
  }

  /** Behind the slowest pace, on a disk that is busy anyhow, there is neither flush nor rest. */
  #endStep(): void {
    this.#written += this.#unflushed;
    const due = this.#begun + Math.min(this.#written, this.#size) / slowestPace;
    if (performance.now() < due) {
      if (this.#unflushed > 0) fdatasyncSync(this.#target);
      const took = performance.now() - this.#stepBegun;
      rest(Math.max(took * restShare, this.#unflushed / pace - took));
    }
    this.#read = this.#unflushed = 0;
    this.#stepBegun = performance.now();
  }
}

function readAt(file: number, buffer: Buffer, at: number, size: number): Buffer {
  const wanted = Math.min(buffer.length, size - at);
  return buffer.subarray(0, readSync(file, buffer, 0, wanted, at));
}

/** Of SQLite's pages the smallest that is usual. */
const pageBytes = 4096;

/** Where the pages are that differ, from and to, those side by side together. */
function* differences(found: Buffer, had: Buffer): Generator<readonly [number, number]> {
  let from: number | undefined;
  for (let at = 0; at < found.length; at += pageBytes) {
    const end = Math.min(at + pageBytes, found.length);
    const isSame = end <= had.length && found.compare(had, at, end, at, end) === 0;
    if (!isSame) from ??= at;
    else if (from !== undefined) {
      yield [from, at];
      from = undefined;
    }
  }
  if (from !== undefined) yield [from, found.length];
}

const nobody = new Int32Array(new SharedArrayBuffer(4));
const rest = (milliseconds: number) => Atomics.wait(nobody, 0, 0, milliseconds);
