import { type Ledger, type Migration, newestOf, pendingAfter, readMigrations } from "../migration.ts";
import type { Database } from "./database.ts";

/** Where the migrations that were applied stand. */
export const ledgerTable =
  "create table if not exists gatehouse_migrations (number integer primary key, name text not null, applied_at integer not null) strict";

/** All migrations this version knows, in order. */
export const knownMigrations = (): Migration[] => readMigrations("sqlite");

/**
 * What has not been applied to this database yet.
 * @throws WrongVersionError when the database was written by a newer version
 */
export function pendingMigrations(database: Database, known = knownMigrations()): Migration[] {
  return pendingAfter(readLedger(database, known), known);
}

/** What this database notes of the migrations it has. */
export function readLedger(database: Database, known: readonly Migration[]): Ledger {
  const ledger = database.prepare("select 1 from sqlite_schema where name = 'gatehouse_migrations'").get();
  if (ledger === undefined) return { latest: 0, needed: 0 };
  const first = (sql: string) => Number(database.prepare(sql).get()?.[0] ?? 0);
  const latest = first("select max(number) from gatehouse_migrations");
  const newest = newestOf(known);
  if (latest <= newest) return { latest, needed: latest };
  return {
    latest,
    needed: first(`select max(coalesce(needs, number)) from gatehouse_migrations where number > ${newest}`),
  };
}

/**
 * Applies what is pending, all of it or nothing; of processes that start at once one does the work and the
 * others find it done.
 */
export function migrate(database: Database, known = knownMigrations()): Promise<Migration[]> {
  return database.write(() => {
    const pending = pendingMigrations(database, known);
    database.exec(ledgerTable);
    const note = database.prepare(
      "insert into gatehouse_migrations (number, name, applied_at) values (?, ?, unixepoch())",
    );
    for (const { number, name, sql, needs } of pending) {
      database.exec(sql);
      note.run(number, name);
      // A column that one of them adds.
      if (needs !== undefined)
        database.prepare("update gatehouse_migrations set needs = ? where number = ?").run(needs, number);
    }
    return pending;
  });
}
