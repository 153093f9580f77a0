import { resolve } from "node:path";
import type { Command } from "commander";
import { describeStorage, loadConfig, type StorageConfig } from "../config/config.ts";
import { BackupError, backUp } from "../storage/sqlite/backup.ts";
import { doneUnlessOlder, recordingActs } from "./acts.ts";
import { asJson, type JsonOption, printJson } from "./options.ts";
import { Refusal } from "./refusal.ts";
import type { Shell } from "./shell.ts";
import { trailOf } from "./store.ts";
import { formatBytes } from "./table.ts";

interface BackupOptions extends JsonOption {
  readonly overwrite?: boolean;
}

export function addBackupCommand(program: Command, shell: Shell): void {
  program
    .command("backup <file>")
    .description("copy the embedded database into one file, beside a server that may be running on it")
    .option("--overwrite", "replace a file that is there")
    .addOption(asJson())
    .action((file: string, options: BackupOptions) => backup(shell, file, options));
}

async function backup(shell: Shell, file: string, { overwrite = false, json }: BackupOptions): Promise<void> {
  const config = loadConfig(shell, "command");
  const path = databaseFile(config.storage, (name) => `pg_dump --format=custom --file=${file} ${name}`);
  const begun = performance.now();
  shell.standBack();
  const bytes = await recordingActs(
    shell,
    config,
    () => trailOf(config),
    async (done) => {
      const bytes = await explained(() => backUp({ path, target: file, overwrite }));
      const detail = `${resolve(file)}, ${formatBytes(bytes)}`;
      await doneUnlessOlder(shell, done, { name: "backup_made", detail });
      return bytes;
    },
  );
  const seconds = (performance.now() - begun) / 1000;
  if (json) {
    printJson(shell, { file: resolve(file), bytes, seconds });
    return;
  }
  shell.complain(`Backed up ${describeStorage(config.storage)} to ${resolve(file)}`);
  shell.complain(`${formatBytes(bytes)} in ${seconds.toFixed(1)} s, complete and looked through.`);
  shell.complain(
    "The secret key is not in it: back that up apart, or whoever restores this signs everybody in anew.",
  );
}

/**
 * The file of the embedded database.
 * @param instead the command line of PostgreSQL's own tool for the same, for a database of such a name
 * @throws Refusal when the database is no file
 */
export function databaseFile(storage: StorageConfig, instead: (name: string) => string): string {
  if (storage.kind === "sqlite" && storage.path !== ":memory:") return storage.path;
  if (storage.kind === "sqlite") throw new Refusal(2, "SQL_URL names a database in memory, which is no file");
  // Its password, which is in the URL, belongs into PGPASSWORD or ~/.pgpass: a command line is for all to
  // see.
  const name = describeStorage(storage);
  throw new Refusal(
    2,
    `this is for the embedded database; for ${name} use PostgreSQL's own: ${instead(name)}`,
  );
}

/** Runs it; what it refuses, and a disk that is full, is an answer and no failure of ours. */
export async function explained<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof BackupError) throw new Refusal(1, error.message);
    throw error;
  }
}
