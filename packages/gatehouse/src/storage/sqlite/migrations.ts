import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Database } from "./database.ts";

export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
}

const folder = join(import.meta.dirname, "migrations");

/** All migrations this version knows, in order. The files are named `NNNN-what-it-does.sql`. */
export function knownMigrations(): Migration[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".sql"))
    .sort()
    .map((file) => ({
      number: Number.parseInt(file, 10),
      name: file,
      sql: readFileSync(join(folder, file), "utf8"),
    }));
}

/**
 * What has not been applied to this database yet.
 * @throws when the database was written by a newer version
 */
export function pendingMigrations(database: Database): Migration[] {
  const latest = latestApplied(database);
  const known = knownMigrations();
  if (latest > (known.at(-1)?.number ?? 0)) {
    throw new Error(
      `the database is at migration ${latest}, this version knows ${known.length}: run a newer gatehouse`,
    );
  }
  return known.filter(({ number }) => number > latest);
}

function latestApplied(database: Database): number {
  const ledger = database.prepare("select 1 from sqlite_schema where name = 'gatehouse_migrations'").get();
  if (ledger === undefined) return 0;
  return Number(
    database.prepare("select max(number) as latest from gatehouse_migrations").get()?.latest ?? 0,
  );
}

/** Applies what is pending, all of it or nothing; of processes that start at once one does the work and the others find it done. */
export function migrate(database: Database): Promise<Migration[]> {
  return database.write(() => {
    const pending = pendingMigrations(database);
    database.exec(
      "create table if not exists gatehouse_migrations (number integer primary key, name text not null, applied_at integer not null) strict",
    );
    const note = database.prepare(
      "insert into gatehouse_migrations (number, name, applied_at) values (?, ?, unixepoch())",
    );
    for (const { number, name, sql } of pending) {
      database.exec(sql);
      note.run(number, name);
    }
    return pending;
  });
}
