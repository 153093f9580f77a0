import type { Logger } from "pino";
import type { Config } from "../config/config.ts";
import type { Store } from "../oauth/store.ts";
import type { Migration } from "../storage/migration.ts";
import type { OnNotice } from "../storage/notice.ts";
import type { SchemaChangeOptions } from "../storage/postgres/schema-change.ts";
import { openSqliteStore, pendingSqliteMigrations } from "../storage/sqlite/store.ts";
import { trustAuthorities } from "./authorities.ts";
import { tellingCertificate } from "./database-certificate.ts";

type StorageSettings = Pick<Config, "storage" | "authorities">;

/**
 * Loaded only where it is used: the driver alone takes a tenth of the time to start.
 * @param authorities trusted beside the public ones
 */
export function loadPostgres(authorities: Config["authorities"]) {
  trustAuthorities({ authorities });
  return import("../storage/postgres/store.ts");
}

/**
 * The store the configuration names, with pending migrations applied, unless it says otherwise.
 * @param log told what becomes of the database while it is open; none for a command that is soon over
 * @param waiting for how long others may be in the way of migrations, and who is told of them; the log when
 * left out
 */
export async function openStore(
  { storage, authorities }: StorageSettings,
  log?: Logger,
  waiting: SchemaChangeOptions = {},
): Promise<Store> {
  if (storage.kind !== "sqlite") {
    const onWait = (message: string) => log?.warn(message);
    const { openPostgresStore } = await loadPostgres(authorities);
    return tellingCertificate(storage.url, () => openPostgresStore({ ...storage, onWait, ...waiting }));
  }
  const onNotice: OnNotice | undefined = log && ((level, message) => log[level](message));
  return openSqliteStore({ ...storage, onNotice });
}

/**
 * The store for a command beside the server: never made, and never brought up to date by the way.
 * @throws StoreUnavailableError when there is none; WrongVersionError when it is not up to date
 */
export async function openExistingStore({ storage, authorities }: StorageSettings): Promise<Store> {
  if (storage.kind === "sqlite") return openSqliteStore({ ...storage, create: false, migrate: false });
  const { openPostgresStore } = await loadPostgres(authorities);
  return tellingCertificate(storage.url, () => openPostgresStore({ ...storage, migrate: false }));
}

/** What `openStore` would apply. Changes nothing. */
export async function pendingMigrations({ storage, authorities }: StorageSettings): Promise<Migration[]> {
  if (storage.kind === "sqlite") return pendingSqliteMigrations(storage.path);
  const { pendingPostgresMigrations } = await loadPostgres(authorities);
  return tellingCertificate(storage.url, () => pendingPostgresMigrations(storage.url));
}
