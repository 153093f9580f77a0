import type { Store } from "../../oauth/store.ts";
import { type Migration, refusePending } from "../migration.ts";
import { accessTokenOperations } from "./access-tokens.ts";
import { addressOperations } from "./addresses.ts";
import { auditOperations } from "./audit.ts";
import { budgetOperations } from "./budgets.ts";
import { clientOperations } from "./clients.ts";
import { codeOperations } from "./codes.ts";
import { confirmationOperations } from "./confirmation.ts";
import { Connecting, type ConnectingOptions } from "./connecting.ts";
import type { ConnectionOptions } from "./connection.ts";
import { Database } from "./database.ts";
import { declarationOperations } from "./declarations.ts";
import { grantOperations } from "./grants.ts";
import { healthOperation } from "./health.ts";
import { invitationOperations } from "./invitations.ts";
import { keyOperations } from "./keys.ts";
import { listingOperations } from "./listing.ts";
import { migrate, pendingMigrations } from "./migrations.ts";
import { offBoardingOperations } from "./off-boarding.ts";
import { originalRefreshTokenOperations } from "./original-refresh-tokens.ts";
import { passkeyOperations } from "./passkeys.ts";
import { peopleOperations } from "./people.ts";
import { providerLogoutOperation } from "./provider-logout.ts";
import { registrationOperations } from "./registrations.ts";
import { resourceRemoval } from "./resource-removal.ts";
import { resourceOperations } from "./resources.ts";
import type { SchemaChangeOptions } from "./schema-change.ts";
import { sweepOperation } from "./sweep.ts";
import { traceOperations } from "./traces.ts";
import { transactionOperations } from "./transactions.ts";
import { useOperations } from "./uses.ts";

export interface PostgresOptions extends ConnectionOptions, SchemaChangeOptions {
  /** False: pending migrations are a reason to refuse instead of being applied. */
  readonly migrate?: boolean;
}

/**
 * Opens a PostgreSQL or CockroachDB database and applies pending migrations, to an empty one as well as to
 * one of the service before us.
 *
 * @throws StoreUnavailableError when it cannot be reached, or is in use for too long; DatabaseRefusedError
 * when it is there and does not let us in, or not change it; WrongVersionError when a newer version wrote it,
 * or when there are migrations that may not be applied
 */
export async function openPostgresStore(options: PostgresOptions): Promise<Store> {
  if (options.migrate ?? true) await migrate(options);
  else refusePending(await pendingMigrations(options));
  return createStore(new Database(options));
}

export interface EventualOptions extends PostgresOptions, ConnectingOptions {
  /**
   * Agrees with the database before anybody else may use it, in every attempt; what it throws ends the
   * attempt.
   */
  readonly prepare: (store: Store) => Promise<void>;
}

/**
 * The same of a database that may not be there yet. Until it can be reached every operation throws
 * `StoreUnavailableError`, which the server answers with 503: so a server starts, says that it is alive and
 * not ready, and needs nobody once the database is there.
 *
 * Resolves once it has been tried for the first time, with whatever outcome.
 * @throws DatabaseRefusedError when it is there at first and does not let us in
 */
export async function openPostgresStoreEventually(options: EventualOptions): Promise<Store> {
  const connecting = new Connecting(async () => {
    const prepared = await openPostgresStore(options);
    await options.prepare(prepared).finally(() => prepared.close());
  }, options);
  await connecting.start();
  return createStore(new Database(options, connecting));
}

/** What `openPostgresStore` would apply to this database. Changes nothing. */
export function pendingPostgresMigrations(url: string): Promise<Migration[]> {
  return pendingMigrations({ url });
}

/** All operations on one database. */
export function createStore(database: Database): Store {
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
    ...originalRefreshTokenOperations(database),
    ...sweepOperation(database),
    ...healthOperation(database),
    close: () => database.close(),
  };
}
