import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Store, StoreUnavailableError } from "../../oauth/store.ts";
import { type Migration, refusePending } from "../migration.ts";
import type { OnNotice } from "../notice.ts";
import { accessTokenOperations } from "./access-tokens.ts";
import { addressOperations } from "./addresses.ts";
import { auditOperations } from "./audit.ts";
import { budgetOperations } from "./budgets.ts";
import { clientOperations } from "./clients.ts";
import { codeOperations } from "./codes.ts";
import { confirmationOperations } from "./confirmation.ts";
import { Database, type DatabaseOptions } from "./database.ts";
import { declarationOperations } from "./declarations.ts";
import { isBusy } from "./errors.ts";
import { grantOperations } from "./grants.ts";
import { healthOperation } from "./health.ts";
import { invitationOperations } from "./invitations.ts";
import { keyOperations } from "./keys.ts";
import { listingOperations } from "./listing.ts";
import { knownMigrations, migrate, pendingMigrations } from "./migrations.ts";
import { offBoardingOperations } from "./off-boarding.ts";
import { originalRefreshTokenOperations } from "./original-refresh-tokens.ts";
import { passkeyOperations } from "./passkeys.ts";
import { peopleOperations } from "./people.ts";
import { providerLogoutOperation } from "./provider-logout.ts";
import { registrationOperations } from "./registrations.ts";
import { resourceRemoval } from "./resource-removal.ts";
import { resourceOperations } from "./resources.ts";
import { sweepOperation } from "./sweep.ts";
import { traceOperations } from "./traces.ts";
import { transactionOperations } from "./transactions.ts";
import { useOperations } from "./uses.ts";

export interface SqliteOptions {
  /** A file, or `:memory:`. */
  readonly path: string;
  /** How long a statement waits for another process's write on the same file; 5000 when left out. */
  readonly busyTimeoutMs?: number;
  /** False: a file that does not exist is a reason to refuse instead of being made. */
  readonly create?: boolean;
  /** False: pending migrations are a reason to refuse instead of being applied. */
  readonly migrate?: boolean;
  /**
   * Told of a write-ahead log that was cut when it was opened, and of a file that is deleted or replaced
   * under the server.
   */
  readonly onNotice?: OnNotice | undefined;
}

/**
 * Opens the embedded database, creating file and folder when missing (readable by their owner alone), and
 * applies pending migrations, unless told otherwise.
 *
 * @throws StoreUnavailableError when the file cannot be opened, or must not be made; WrongVersionError when a
 * newer version wrote it, or when there are migrations that may not be applied
 */
export async function openSqliteStore({
  path,
  migrate: mayMigrate = true,
  ...options
}: SqliteOptions): Promise<Store> {
  const database = await openDatabase(path, options);
  try {
    if (mayMigrate) await migrate(database);
    else refusePending(pendingMigrations(database));
    return createStore(database, path);
  } catch (error) {
    database.close();
    if (!(error instanceof StoreUnavailableError)) throw error;
    const { check } = error;
    throw new StoreUnavailableError(`the database ${resolve(path)} cannot be opened`, {
      cause: error,
      check,
    });
  }
}

const openingPauseMs = 100;

/** Waits for another process that has the file alone, without holding up this one: it may be told to stop. */
export async function openDatabase(path: string, options: DatabaseOptions): Promise<Database> {
  const deadline = performance.now() + (options.busyTimeoutMs ?? 5000);
  for (;;) {
    try {
      return new Database(path, { ...options, openingTimeoutMs: openingPauseMs });
    } catch (error) {
      const isHeld = error instanceof StoreUnavailableError && isBusy(error.cause);
      if (!isHeld || performance.now() >= deadline) throw error;
      await pause(openingPauseMs);
    }
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

/** All operations on one database. @param path of its file, or `:memory:` */
export function createStore(database: Database, path: string): Store {
  return {
    ...clientOperations(database),
    ...registrationOperations(database),
    ...resourceOperations(database),
    ...resourceRemoval(database),
    ...declarationOperations(database),
    ...peopleOperations(database),
    ...listingOperations(database),
    ...passkeyOperations(database),
    ...invitationOperations(database),
    ...offBoardingOperations(database),
    ...confirmationOperations(database),
    ...providerLogoutOperation(database),
    ...addressOperations(database),
    ...transactionOperations(database),
    ...codeOperations(database),
    ...grantOperations(database),
    ...keyOperations(database),
    ...budgetOperations(database),
    ...auditOperations(database),
    ...traceOperations(database),
    ...useOperations(database),
    ...accessTokenOperations(database),
    ...originalRefreshTokenOperations,
    ...sweepOperation(database),
    ...healthOperation(database, path),
    // Behind the writes that are waiting; who waits for one that cannot be done is told so.
    close: async () => {
      await database.write(() => undefined).catch(() => undefined);
      database.close();
    },
  };
}
