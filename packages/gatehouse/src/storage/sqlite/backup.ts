import { randomBytes } from "node:crypto";
import {
  chmodSync,
  closeSync,
  fdatasyncSync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
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
 * name. Blocks the process between the steps.
 * @returns bytes of the file
 * @throws BackupError when it is refused; node's own error when the disk does not take it
 */
export async function backUp({ path, target, overwrite }: BackupOptions): Promise<number> {
  requireFile(path);
  if (statSync(target, { throwIfNoEntry: false }) !== undefined) {
    if (!overwrite) throw new BackupError(`${target} exists; name another file, or say --overwrite`);
    refuseOwnFiles(path, target);
  }
  const draft = draftBeside(target);
  try {
    await copyPaced(path, draft);
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
    if (resultCode(error) !== 10) throw error;
    throw new BackupError(`the disk refuses to read ${path}, or to write ${target}`);
  } finally {
    for (const ending of ["", "-journal", "-wal", "-shm"]) rmSync(`${draft}${ending}`, { force: true });
  }
}

/** SQLite's word for it, and node's. */
export function isFull(error: unknown): boolean {
  return resultCode(error) === 13 || (error instanceof Error && "code" in error && error.code === "ENOSPC");
}

export const noRoomFor = (path: string) =>
  new BackupError(`the disk has no room for ${path}; what was written of it is gone again`);

/** 512 KiB: little enough that a server's own flush is not long behind this one's. */
const pagesAtOnce = 128;
/** So many times as long as a step took comes a rest: the disk is the server's for most of the time. */
const restShare = 4;
/** Bytes a millisecond, 40 seconds a gigabyte: as long as it is ahead of that it can take its time. */
const pace = 25_000;

/**
 * Page by page under one reading transaction: without it SQLite's backup starts over at every write of
 * another connection. Each step is flushed, or the disk would have it all at once and the server wait for it,
 * and followed by a rest. Behind its pace, on a disk that is busy anyhow, there is neither.
 */
async function copyPaced(path: string, draft: string): Promise<void> {
  const source = new DatabaseSync(path, { timeout: 5000 });
  const copied = openSync(draft, "r+");
  try {
    source.exec("begin; select 1 from sqlite_schema");
    const pageSize = Number(source.prepare("pragma page_size").get()?.page_size);
    const begun = performance.now();
    let stepBegun = begun;
    await backup(source, draft, {
      rate: pagesAtOnce,
      progress({ totalPages, remainingPages }) {
        const due = begun + ((totalPages - remainingPages) * pageSize) / pace;
        if (performance.now() < due) {
          fdatasyncSync(copied);
          const now = performance.now();
          rest(Math.max(0, Math.min((now - stepBegun) * restShare, due - now)));
        }
        stepBegun = performance.now();
      },
    });
  } finally {
    closeSync(copied);
    source.close();
  }
}

const nobody = new Int32Array(new SharedArrayBuffer(4));
const rest = (milliseconds: number) => Atomics.wait(nobody, 0, 0, milliseconds);

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
