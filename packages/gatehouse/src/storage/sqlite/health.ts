import type { Store } from "../../oauth/store.ts";
import { schemaProblems } from "../migration.ts";
import type { Database } from "./database.ts";
import { freeBytes } from "./file.ts";
import { knownMigrations, readLedger } from "./migrations.ts";

/**
 * With less than this no write can be relied on, although one or the other may still find room in files that
 * are there.
 */
const neededBytes = 1024 * 1024;

const fullDisk = { check: "disk", text: "the disk is full" } as const;

/** @param path the file, or `:memory:` */
export function healthOperation(
  database: Database,
  path: string,
): Pick<Store, "findProblems" | "wasOriginals"> {
  const known = knownMigrations();
  return {
    findProblems: async () => {
      const ledger = await database.write(() => {
        // A number in the file's head that nobody reads: to write what is there already is a real write all
        // the same.
        database.exec("pragma user_version = 0");
        return readLedger(database, known);
      });
      const free = path === ":memory:" ? undefined : freeBytes(path);
      const isFull = free !== undefined && free < neededBytes;
      return [...schemaProblems(ledger, known), ...(isFull ? [fullDisk] : [])];
    },
    // That service knows no such files.
    wasOriginals: async () => false,
  };
}
