import { existsSync } from "node:fs";
import type { Store } from "../../oauth/ports.ts";
import { type Migration, refusePending } from "../migration.ts";
import { accessTokenOperations } from "./access-tokens.ts";
import { clientOperations } from "./clients.ts";
import { codeOperations } from "./codes.ts";
import { Database } from "./database.ts";
import { grantOperations } from "./grants.ts";
import { knownMigrations, migrate, pendingMigrations } from "./migrations.ts";
import { peopleOperations } from "./people.ts";
import { resourceRemoval } from "./resource-removal.ts";
import { resourceOperations } from "./resources.ts";
import { sweepOperation } from "./sweep.ts";
import { transactionOperations } from "./transactions.ts";

export interface SqliteOptions {
  /** A file, or `:memory:`. */
  readonly path: string;
  /** How long a statement waits for another process's write on the same file; 5000 when left out. */
  readonly busyMilliseconds?: number;
  /** False: pending migrations are a reason to refuse instead of being applied. */
  readonly migrate?: boolean;
}

/**
 * Opens the embedded database, creating file and folder when missing (readable by their owner alone), and applies pending migrations.
 *
 * @throws StoreUnavailableError when the file cannot be opened; WrongVersionError when a newer version wrote it, or when there are migrations that may not be applied
 */
export async function openSqliteStore({
  path,
  busyMilliseconds,
  migrate: mayMigrate = true,
}: SqliteOptions): Promise<Store> {
  const database = new Database(path, busyMilliseconds);
  try {
    if (mayMigrate) await migrate(database);
    else refusePending(pendingMigrations(database));
    return createStore(database);
  } catch (error) {
    database.close();
    throw error;
  }
}

/** What `openSqliteStore` would apply to this file. Changes nothing, and does not create the file. */
export function pendingSqliteMigrations(path: string): Migration[] {
  if (!existsSync(path)) return knownMigrations();
  const database = new Database(path);
  try {
    return pendingMigrations(database);
  } finally {
    database.close();
  }
}

function createStore(database: Database): Store {
  const one = database.prepare("select 1");
  return {
    ...clientOperations(database),
    ...resourceOperations(database),
    ...resourceRemoval(database),
    ...peopleOperations(database),
    ...transactionOperations(database),
    ...codeOperations(database),
    ...grantOperations(database),
    ...accessTokenOperations(database),
    ...sweepOperation(database),
    ping: () => database.read(() => void one.get()),
    // Behind the writes that are waiting.
    close: () => database.write(() => undefined).finally(() => database.close()),
  };
}
