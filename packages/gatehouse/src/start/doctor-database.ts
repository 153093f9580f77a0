import { statfsSync, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { type Config, describeStorage } from "../config/config.ts";
import type { DatabaseFile, DatabaseLook, DoctorDatabase } from "../insight/doctor/checks/database.ts";
import type { DiskLook } from "../insight/doctor/checks/disk.ts";
import type { Store } from "../oauth/store.ts";
import { nameAuthority } from "../refused-certificate.ts";
import { WrongVersionError } from "../storage/migration.ts";
import { DatabaseRefusedError } from "../storage/refused.ts";
import { fileIdentity } from "../storage/sqlite/file.ts";
import { findSqliteWriters } from "../storage/sqlite/writers.ts";
import { tellingCertificate } from "./database-certificate.ts";
import { largestIn } from "./largest-files.ts";
import { once } from "./once.ts";
import { loadPostgres, openExistingStore, pendingMigrations } from "./store.ts";

/** The configured database, as doctor looks at it. */
export interface LookedAtDatabase extends DoctorDatabase {
  /** Not before its schema is right. */
  readonly open: () => Promise<Store>;
  readonly close: () => Promise<void>;
}

/** `undefined`: in memory. */
export function databaseToLookAt(config: Config): LookedAtDatabase | undefined {
  const { storage } = config;
  if (storage.kind === "sqlite" && storage.path === ":memory:") return undefined;
  let store: Promise<Store> | undefined;
  let look: Promise<DatabaseLook> | undefined;
  return {
    name: storage.kind === "sqlite" ? `SQLite at ${describeStorage(storage)}` : describeStorage(storage),
    pending: async () => (await pendingMigrations(config)).map(({ name }) => name),
    look() {
      look ??= lookAt(config);
      return look;
    },
    open() {
      store ??= openExistingStore(config);
      return store;
    },
    file: storage.kind === "sqlite" ? databaseFile(storage.path) : undefined,
    explain: (error) => explain(error, config),
    async close() {
      await (await store?.catch(() => undefined))?.close();
    },
  };
}

async function lookAt({ storage, authorities }: Config): Promise<DatabaseLook> {
  if (storage.kind === "sqlite") {
    const { timeSqliteReads } = await import("../storage/sqlite/examination.ts");
    const readMs = median(await timeSqliteReads(storage.path));
    return { readMs, clockAheadMs: undefined, isStandby: undefined, ofOthers: [] };
  }
  await loadPostgres(authorities);
  const { examinePostgres } = await import("../storage/postgres/examination.ts");
  const look = await tellingCertificate(storage.url, () => examinePostgres(storage));
  return { ...look, readMs: median(look.readMs) };
}

const median = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0;

function databaseFile(path: string): DatabaseFile {
  return {
    path: resolve(path),
    size: () => statSync(path, { throwIfNoEntry: false })?.size,
    identity: () => fileIdentity(path),
    findWriters: () => findSqliteWriters(path),
    async findDamage(signal) {
      const { findSqliteDamage } = await import("../storage/sqlite/examination.ts");
      return findSqliteDamage(path, signal);
    },
  };
}

/** The reasons, from the outermost in, in one sentence; and what helps. */
function explain(error: unknown, { storage }: Config): { problem: string; mend: string } {
  const messages: string[] = [];
  let code = "";
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    if (inner.message !== "" && !(inner instanceof AggregateError)) messages.push(inner.message);
    // Of a name with several addresses each was refused.
    const [first] = inner instanceof AggregateError ? inner.errors : [inner];
    if (inner instanceof AggregateError && first instanceof Error) messages.push(first.message);
    if (first instanceof Error && "code" in first && typeof first.code === "string") code = first.code;
  }
  const text = messages.join(": ") || String(error);
  const problem = `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
  return { problem, mend: mendOf(error, code, storage.kind) };
}

function mendOf(error: unknown, code: string, kind: Config["storage"]["kind"]): string {
  if (error instanceof DatabaseRefusedError) return "Check `SQL_URL`, and the user and its password there.";
  if (error instanceof WrongVersionError) return "Run a newer gatehouse.";
  if (kind === "sqlite")
    return "Run this where the server runs, as its user, or name its database in `SQL_URL`.";
  if (/^(?:CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|ERR_TLS)/.test(code)) {
    return `Correct the certificate, or ${nameAuthority}.`;
  }
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return "Check the host in `SQL_URL`, and the name server.";
  return "Start the database, or correct host and port in `SQL_URL`; a firewall may be in between.";
}

/** So many of the folder's largest entries are named where there is little room. */
const shownEntries = 3;

/** Of the folder of the database; `undefined`: it is not in a file here. */
export function diskToLookAt(
  { storage }: Config,
  database: LookedAtDatabase | undefined,
  now: number,
): (() => Promise<DiskLook>) | undefined {
  if (storage.kind !== "sqlite" || database === undefined) return undefined;
  const { path } = storage;
  return once(async () => {
    const folder = dirname(resolve(path));
    const { bavail, bfree, blocks, bsize, files, ffree } = statfsSync(folder);
    return {
      folder,
      freeBytes: bavail * bsize,
      freeFiles: files === 0 ? undefined : ffree,
      usedBytes: (blocks - bfree) * bsize,
      largest: once(() => largestIn(folder, shownEntries)),
      bytesPerDay: await growth(database, now).catch(() => undefined), // of a database that cannot be asked
    };
  });
}

/** Bytes a day since the first key was noted; of a database younger than a week nothing can be told. */
async function growth({ open, file }: LookedAtDatabase, now: number): Promise<number | undefined> {
  const { known } = await (await open()).findKeys(now as never);
  const since = known.flatMap(({ since }) => since ?? []);
  const days = since.length === 0 ? 0 : (now - Math.min(...since)) / 86_400;
  return days < 7 ? undefined : (file?.size() ?? 0) / days;
}

/** Names of other databases in a folder, as backups are. */
export async function databasesIn(folder: string, own: string): Promise<string[]> {
  const names = await readdir(folder);
  return names.filter((name) => isBackupName(name) && resolve(folder, name) !== resolve(own));
}

const isBackupName = (name: string) => /\.(?:db|sqlite3?|bak|backup|dump)(?:\.(?:gz|zst|xz))?$/.test(name);
