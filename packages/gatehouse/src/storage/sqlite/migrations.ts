import { type Migration, pendingAfter, readMigrations } from "../migration.ts";
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
export function pendingMigrations(database: Database): Migration[] {
  return pendingAfter(latestApplied(database), knownMigrations());
}

/** The number of the latest migration this database has; 0: none. */
export function latestApplied(database: Database): number {
  const ledger = database.prepare("select 1 from sqlite_schema where name = 'gatehouse_migrations'").get();
  if (ledger === undefined) return 0;
  return Number(database.prepare("select max(number) from gatehouse_migrations").get()?.[0] ?? 0);
}

/**
 * Applies what is pending, all of it or nothing; of processes that start at once one does the work and the
 * others find it done.
 */
export function migrate(database: Database): Promise<Migration[]> {
  return database.write(() => {
    const pending = pendingMigrations(database);
    database.exec(ledgerTable);
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
