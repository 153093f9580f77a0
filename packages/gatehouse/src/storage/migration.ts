import { basename } from "node:path";
import type { StoreProblem } from "../oauth/store.ts";
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
      `the database is at migration ${latest}, this version knows ${known.length}: run a newer gatehouse`,
    );
  }
  return known.filter(({ number }) => number > latest);
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
  if (pending.length === 0) return;
  const names = pending.map(({ name }) => name).join(", ");
  throw new WrongVersionError(`the database lacks ${names}: run gatehouse migrate`);
}
