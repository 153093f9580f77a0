import { basename } from "node:path";
import type { StoreProblem } from "../oauth/store/upkeep.ts";
import { listShippedFiles, readShippedFile } from "../shipped-files.ts";

/** One step of the schema, in a file of its own. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
}

/** The database and this version of the program do not go together. */
export class WrongVersionError extends Error {
  override readonly name = "WrongVersionError";
}

/** All migrations of a kind of database, in order. The files are named `NNNN-what-it-does.sql`. */
export function readMigrations(kind: "sqlite" | "postgres"): Migration[] {
  return listShippedFiles(`src/storage/${kind}/migrations`, ".sql").map((path) => {
    const name = basename(path);
    return { number: Number.parseInt(name, 10), name, sql: readShippedFile(path) };
  });
}

/**
 * What is to be applied to a database that has all up to `latest`.
 * @throws WrongVersionError when a newer version of the program wrote it
 */
export function pendingAfter(latest: number, known: readonly Migration[]): Migration[] {
  if (latest > (known.at(-1)?.number ?? 0)) {
    throw new WrongVersionError(
      `the database is at migration ${latest}, this version knows ${known.at(-1)?.number ?? 0}: run a newer gatehouse`,
    );
  }
  return known.filter(({ number }) => number > latest);
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
  const pending = pendingAfter(latest, known);
  const applied = known.slice(0, known.length - pending.length);
  for (let at = 0; at < Math.max(applied.length, ledger.length); at++) {
    const [found, ours] = [ledger[at], applied[at]];
    if (found?.number === ours?.number && found?.name === ours?.name) continue;
    return { strange: `migration ${found?.number ?? ours?.number} is ${JSON.stringify(found?.name)}` };
  }
  return { applied };
}

/**
 * Why a database that has all migrations up to `latest` is not this version's, in words for `/readyz`; empty
 * when it is.
 */
export function schemaProblems(latest: number, known: readonly Migration[]): StoreProblem[] {
  const wanted = known.at(-1)?.number ?? 0;
  if (latest === wanted) return [];
  const text =
    latest < wanted
      ? `the database is at migration ${latest}, this version needs ${wanted}: run gatehouse migrate`
      : `the database is at migration ${latest}, this version knows ${wanted}: run a newer gatehouse`;
  return [{ check: "migrations", text }];
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
