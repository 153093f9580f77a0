import {
  chownSync,
  copyFileSync,
  existsSync,
  linkSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { appliedOf, type Migration } from "../migration.ts";
import {
  BackupError,
  draftBeside,
  flush,
  flushFolderOf,
  isFull,
  noRoomFor,
  refuseDamaged,
} from "./backup.ts";
import { isBusy, resultCode } from "./errors.ts";
import { createFolder } from "./file.ts";
import { knownMigrations, ledgerTable } from "./migrations.ts";

/** A backup that was looked through and lies beside the database it is to replace. */
export interface PreparedRestore {
  /** The copy, an ordinary database; up to date or older. */
  readonly draft: string;
  /** Migrations that the next start applies to it. */
  readonly pending: number;
  /** @throws BackupError while another process has the database open, or when nobody can tell */
  refuseOpen(): void;
  /**
   * Puts the copy in the place of the database, which is kept under another name.
   * @returns where the replaced one is; `undefined` when there was none
   * @throws BackupError while another process has the database open
   */
  install(): string | undefined;
  /** Removes the copy, unless it was installed. */
  discard(): void;
}

/**
 * Copies a backup beside the database, and checks that it is a whole database of Gatehouse, of this version
 * or an older one. A `-wal` beside the backup belongs to it and is copied with it.
 * @throws BackupError, or WrongVersionError for one of a newer version; nothing was changed
 */
export function prepareRestore(path: string, backup: string): PreparedRestore {
  const found = statSync(backup, { throwIfNoEntry: false });
  if (found === undefined) throw new BackupError(`there is no file ${backup}`);
  if (!found.isFile()) throw new BackupError(`${backup} is not a file`);
  if (isSame(path, backup)) throw new BackupError(`${backup} is the database itself`);
  createFolder(dirname(path));
  const draft = draftBeside(path);
  const discard = () => {
    for (const ending of ["", "-wal", "-shm", "-journal"]) rmSync(`${draft}${ending}`, { force: true });
  };
  try {
    copyFileSync(backup, draft);
    if (existsSync(`${backup}-wal`)) copyFileSync(`${backup}-wal`, `${draft}-wal`);
    const pending = inspect(draft, backup);
    const refuseOpen = () => existsSync(path) && lockAlone(path).close();
    return { draft, pending, refuseOpen, install: () => install(path, draft), discard };
  } catch (error) {
    discard();
    if (isFull(error)) throw noRoomFor(draft);
    throw isNoDatabase(error) ? new BackupError(`${backup} is not a database, or is damaged`) : error;
  }
}

/** @returns how many migrations it lacks */
function inspect(draft: string, backup: string): number {
  const database = new DatabaseSync(draft, { timeout: 0 });
  try {
    database.exec("pragma trusted_schema = off; pragma journal_mode = delete; pragma cell_size_check = on");
    refuseDamaged(database, backup);
    const known = knownMigrations();
    const applied = appliedMigrations(database, backup, known);
    refuseStrangeSchema(database, backup, applied);
    return known.length - applied.length;
  } finally {
    database.close();
  }
}

function appliedMigrations(database: DatabaseSync, backup: string, known: readonly Migration[]) {
  const ledger = "select 1 from sqlite_schema where type = 'table' and name = 'gatehouse_migrations'";
  if (database.prepare(ledger).get() === undefined) throw foreign(backup, "it has no gatehouse_migrations");
  const rows = database.prepare("select number, name from gatehouse_migrations order by number").all();
  const noted = rows.map(({ number, name }) => ({ number: Number(number), name: String(name) }));
  const found = appliedOf(noted, known);
  if ("strange" in found) throw foreign(backup, found.strange);
  return found.applied;
}

/**
 * Every table and index is as the migrations make it, and there is nothing else: no trigger or view that
 * would act for somebody.
 */
function refuseStrangeSchema(database: DatabaseSync, backup: string, applied: readonly Migration[]): void {
  const model = new DatabaseSync(":memory:");
  try {
    model.exec(ledgerTable);
    for (const { sql } of applied) model.exec(sql);
    const wanted = schemaOf(model);
    const found = schemaOf(database);
    for (const [name, sql] of found) {
      if (wanted.get(name) !== sql) throw foreign(backup, `its ${name} is not one that Gatehouse makes`);
    }
    for (const name of wanted.keys()) {
      if (!found.has(name)) throw foreign(backup, `it has no ${name}`);
    }
  } finally {
    model.close();
  }
}

function schemaOf(database: DatabaseSync): Map<string, string> {
  const rows = database.prepare(
    "select type, name, sql from sqlite_schema where name not like 'sqlite^_%' escape '^'",
  );
  return new Map(rows.all().map(({ type, name, sql }) => [`${String(type)} ${String(name)}`, String(sql)]));
}

const foreign = (backup: string, why: string) =>
  new BackupError(`${backup} is not a database of Gatehouse: ${why}`);

function install(path: string, draft: string): string | undefined {
  const aside = `${path}.replaced-${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "")}`;
  giveToOwnerOf(path, draft);
  flush(draft);
  if (!existsSync(path)) {
    // One that is without its database would be taken for the restored one's.
    if (existsSync(`${path}-wal`)) renameSync(`${path}-wal`, `${aside}-wal`);
    rmSync(`${path}-shm`, { force: true });
    renameSync(draft, path);
    flushFolderOf(path);
    return undefined;
  }
  const replaced = lockAlone(path);
  try {
    linkSync(path, aside);
    renameSync(draft, path);
    flushFolderOf(path);
  } catch (error) {
    if (isSame(path, aside)) unlinkSync(aside);
    throw error;
  } finally {
    replaced.close();
  }
  return aside;
}

/**
 * Opens the database so that nobody else can, its write-ahead log folded in: SQLite allows that only while it
 * is open nowhere else.
 */
function lockAlone(path: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
    database.exec("pragma journal_mode = delete; begin exclusive");
    return database;
  } catch (error) {
    database?.close();
    if (isBusy(error)) {
      throw new BackupError(
        `a process has ${path} open: stop the server, and every command that uses it, first`,
      );
    }
    if (!isNoDatabase(error)) throw error;
    throw new BackupError(
      `${path} is so damaged that nobody can tell whether a server has it open: see to it that none has, move it away together with its -wal and -shm, and restore again`,
    );
  }
}

/** Run as root, for a server that is not. */
function giveToOwnerOf(path: string, draft: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(existsSync(path) ? path : dirname(resolve(path)));
  chownSync(draft, uid, gid);
}

function isSame(path: string, other: string): boolean {
  const [one, two] = [path, other].map((name) => statSync(name, { throwIfNoEntry: false, bigint: true }));
  return one !== undefined && one.ino === two?.ino && one.dev === two.dev;
}

/** Without extension: 11 is damaged, 26 no database. */
const isNoDatabase = (error: unknown) => [11, 26].includes(resultCode(error) ?? 0);
