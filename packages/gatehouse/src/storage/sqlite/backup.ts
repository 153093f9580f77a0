import { randomBytes } from "node:crypto";
import { chmodSync, closeSync, fsyncSync, linkSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { copyDatabase, LongReaderError } from "./copying.ts";
import { resultCode } from "./errors.ts";
import { requireFile } from "./file.ts";

/**
 * What keeps a backup from being made, or from being restored, in words for the operator. Nothing was
 * changed.
 */
export class BackupError extends Error {
  override readonly name = "BackupError";
}

export interface BackupOptions {
  /** The database; a server may be writing to it. */
  readonly path: string;
  readonly target: string;
  /** Whether a file that stands at the target may be replaced. */
  readonly overwrite: boolean;
}

/**
 * Copies the database as it is at this moment into one file, complete and on the disk before it gets its
 * name. Blocks the process, which must have the database open nowhere else.
 * @returns bytes of the file
 * @throws BackupError when it is refused; node's own error when the disk does not take it
 */
export function backUp({ path, target, overwrite }: BackupOptions): number {
  requireFile(path);
  if (statSync(target, { throwIfNoEntry: false }) !== undefined) {
    if (!overwrite) throw new BackupError(`${target} exists; name another file, or say --overwrite`);
    refuseOwnFiles(path, target);
  }
  const draft = draftBeside(target);
  try {
    copyDatabase(path, draft);
    const copy = new DatabaseSync(draft);
    try {
      copy.exec("pragma journal_mode = delete"); // the database has a write-ahead log, the copy has none
      refuseDamaged(copy, path);
    } finally {
      copy.close();
    }
    flush(draft);
    publish(draft, target, overwrite);
    return statSync(target).size;
  } catch (error) {
    if (isFull(error)) throw noRoomFor(target);
    if (error instanceof LongReaderError) {
      throw new BackupError(
        `another program reads ${path} in one long transaction (an open sqlite3, another backup?); end it, then try again`,
      );
    }
    if (!isRefusedByDisk(error)) throw error;
    throw new BackupError(`the disk refuses to read ${path}, or to write ${target}`);
  } finally {
    for (const ending of ["", "-journal", "-wal", "-shm"]) rmSync(`${draft}${ending}`, { force: true });
  }
}

/** SQLite's word for it, and node's. */
export function isFull(error: unknown): boolean {
  return resultCode(error) === 13 || hasCode(error, "ENOSPC", "EDQUOT");
}

const isRefusedByDisk = (error: unknown) => resultCode(error) === 10 || hasCode(error, "EIO", "EFBIG");

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}

export const noRoomFor = (path: string) =>
  new BackupError(`the disk has no room for ${path}; what was written of it is gone again`);

/**
 * An empty file for the owner alone, beside the one it is to become, so that its name is a matter of a
 * moment.
 */
export function draftBeside(target: string): string {
  const draft = `${target}.unfinished-${randomBytes(6).toString("hex")}`;
  closeSync(openSync(draft, "wx", 0o600));
  if (process.platform !== "win32") chmodSync(draft, 0o600); // whatever the umask is
  return draft;
}

/** @throws BackupError when a page or an index of it is not as it should be */
export function refuseDamaged(database: DatabaseSync, path: string): void {
  const [first] = database.prepare("pragma integrity_check(1)").all();
  const found = first?.integrity_check;
  if (found !== "ok") throw new BackupError(`${path} is damaged: ${String(found)}`);
}

/** Returns once the file is on the disk. */
export function flush(path: string, flags = "r+"): void {
  const file = openSync(path, flags);
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** The names in it. Windows flushes no folder, and needs none flushed. */
export function flushFolderOf(path: string): void {
  if (process.platform !== "win32") flush(dirname(resolve(path)), "r");
}

/** A link never replaces a file that somebody else made in the meantime. */
function publish(draft: string, target: string, overwrite: boolean): void {
  if (overwrite) renameSync(draft, target);
  else linkSync(draft, target);
  flushFolderOf(target);
}

function refuseOwnFiles(path: string, target: string): void {
  const { dev, ino } = statSync(target);
  for (const own of ["", "-wal", "-shm", ".key"].map((ending) => `${path}${ending}`)) {
    const found = statSync(own, { throwIfNoEntry: false });
    if (found?.dev === dev && found.ino === ino) {
      throw new BackupError(`${target} is ${own} itself, which a backup never replaces`);
    }
  }
}
