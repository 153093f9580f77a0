import { basename } from "node:path";
import type { StoreProblem } from "../oauth/store/upkeep.ts";
import { listShippedFiles, readShippedFile } from "../shipped-files.ts";

/** One step of the schema, in a file of its own. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
  /**
   * The migration that a program has to know to go on after this one. `undefined`: this one.
   */
  readonly needs?: number | undefined;
}

/** What the ledger of a database says. */
export interface Ledger {
  /** The number of the latest migration that was applied; 0: none. */
  readonly latest: number;
  /** The number of the migration that a program has to know to use this database. */
  readonly needed: number;
}

/** The database and this version of the program do not go together. */
export class WrongVersionError extends Error {
  override readonly name = "WrongVersionError";
}

/** All migrations of a kind of database, in order. The files are named `NNNN-what-it-does.sql`. */
export function readMigrations(kind: "sqlite" | "postgres"): Migration[] {
  return listShippedFiles(`src/storage/${kind}/migrations`, ".sql").map((path) => {
    const name = basename(path);
    const sql = readShippedFile(path);
    return { number: Number.parseInt(name, 10), name, sql, needs: neededBy(sql) };
  });
}

/** A migration says in a line of its own which programs go on after it. */
export function neededBy(sql: string): number | undefined {
  const [, number] = /^-- Programs that know (\d+) go on\.$/m.exec(sql) ?? [];
  return number === undefined ? undefined : Number(number);
}

/** The number of the newest of them. */
export const newestOf = (known: readonly Migration[]): number => known.at(-1)?.number ?? 0;

/**
 * What is to be applied to a database. Nothing, when a newer version wrote it and lets this one go on.
 * @throws WrongVersionError when a newer version of the program wrote it, and does not
 */
export function pendingAfter({ latest, needed }: Ledger, known: readonly Migration[]): Migration[] {
  if (needed > newestOf(known)) throw new WrongVersionError(tooNew(latest, needed, known));
  return known.filter(({ number }) => number > latest);
}

function tooNew(latest: number, needed: number, known: readonly Migration[]): string {
  const needs = needed === latest ? "" : ` and needs a version that knows ${needed}`;
  return `the database is at migration ${latest}${needs}, this version knows ${newestOf(known)}: run a newer gatehouse`;
}

/**
 * The migrations that a ledger notes, held against those that are known: by number, since there may be gaps.
 * @param ledger in order
 * @returns the known ones of them, or the first entry that is none of ours
 * @throws WrongVersionError when a newer version of the program wrote it
 */
export function appliedOf(
  ledger: readonly { readonly number: number; readonly name: string }[],
  known: readonly Migration[],
): { readonly applied: readonly Migration[] } | { readonly strange: string } {
  const latest = ledger.at(-1)?.number ?? 0;
  // Of what a newer version made nobody here can tell whether it is as it should be.
  const pending = pendingAfter({ latest, needed: latest }, known);
  const applied = known.slice(0, known.length - pending.length);
  for (let at = 0; at < Math.max(applied.length, ledger.length); at++) {
    const [found, ours] = [ledger[at], applied[at]];
    if (found?.number === ours?.number && found?.name === ours?.name) continue;
    return { strange: `migration ${found?.number ?? ours?.number} is ${JSON.stringify(found?.name)}` };
  }
  return { applied };
}

/**
 * Why a database is not this version's, in words for `/readyz`; empty when it is. One that a newer version
 * wrote, and lets this one go on with, is no more than a warning.
 */
export function schemaProblems({ latest, needed }: Ledger, known: readonly Migration[]): StoreProblem[] {
  const wanted = newestOf(known);
  const check = "migrations";
  if (latest === wanted) return [];
  if (latest < wanted) {
    const text = `the database is at migration ${latest}, this version needs ${wanted}: run gatehouse migrate`;
    return [{ check, text }];
  }
  if (needed > wanted) return [{ check, text: tooNew(latest, needed, known) }];
  const text = `a newer version has brought the database to migration ${latest}, this one knows ${wanted} and goes on: finish the upgrade`;
  return [{ check, text, isWarning: true }];
}

/** @throws WrongVersionError when there is something to apply, for those who may not */
export function refusePending(pending: readonly Migration[]): void {
  const [first, ...rest] = pending;
  if (first === undefined) return;
  // All names together would push what to do out of a line of the log.
  const last = rest.at(-1);
  const names =
    last === undefined ? first.name : `${pending.length} migrations, ${first.name} to ${last.name}`;
  throw new WrongVersionError(`the database lacks ${names}: run gatehouse migrate`);
}
