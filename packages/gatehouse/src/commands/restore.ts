import { resolve } from "node:path";
import type { Command } from "commander";
import { type Config, describeStorage, loadConfig } from "../config/config.ts";
import { keysFit } from "../keys/keyring.ts";
import type { Store } from "../oauth/store.ts";
import { configuredKeys } from "../start/keyed-store.ts";
import { type PreparedRestore, prepareRestore } from "../storage/sqlite/restore.ts";
import { openSqliteStore } from "../storage/sqlite/store.ts";
import { databaseFile, explained } from "./backup.ts";
import { type AcceptNewKeyOption, acceptingNewKey, asJson, type JsonOption } from "./options.ts";
import { Refusal } from "./refusal.ts";
import type { Shell } from "./shell.ts";

type RestoreOptions = JsonOption & AcceptNewKeyOption;

export function addRestoreCommand(program: Command, shell: Shell): void {
  program
    .command("restore <file>")
    .description(
      "put a backup in the place of the embedded database, while no server runs; keeps the old one",
    )
    .addOption(acceptingNewKey("restore it although no configured key made the refresh tokens in it"))
    .addOption(asJson())
    .action((file: string, options: RestoreOptions) => restore(shell, file, options));
}

async function restore(shell: Shell, file: string, { acceptNewKey, json }: RestoreOptions): Promise<void> {
  const config = loadConfig(shell, "command");
  const path = databaseFile(
    config.storage,
    (name) => `pg_restore --clean --if-exists --dbname=${name} ${file}`,
  );
  const prepared = explained(() => prepareRestore(path, file));
  try {
    const people = await lookThrough(shell, config, prepared, acceptNewKey ?? false);
    const replaced = explained(prepared.install);
    const { pending } = prepared;
    const previous = replaced === undefined ? undefined : resolve(replaced);
    if (json)
      return shell.print(JSON.stringify({ file: resolve(file), replaced: previous, pending, people }));
    shell.print(`Restored ${describeStorage(config.storage)} from ${resolve(file)}`);
    if (people !== undefined) shell.print(`People with a live grant in it: ${people}`);
    if (previous !== undefined) shell.print(`The database that was there is kept as ${previous}`);
    if (pending > 0)
      shell.print(`It is of an older version: ${pending} migrations are left to the next start`);
    shell.complain(whatIsLost);
  } finally {
    prepared.discard();
  }
}

const whatIsLost = `What was made since the backup is lost: newer apps and people sign in once more; older ones go on.
What was revoked, removed or retired since is there again: do that again, from your records or the log.`;

/**
 * Looks whether the keys fit, as the next start will.
 * @returns how many people have live grants; `undefined` for a database that has to be brought up to date
 * before it can tell
 * @throws Refusal when they do not
 */
async function lookThrough(
  shell: Shell,
  config: Config,
  { draft, pending }: PreparedRestore,
  acceptNewKey: boolean,
): Promise<number | undefined> {
  if (pending > 0) return undefined;
  const store = await openSqliteStore({ path: draft, create: false, migrate: false });
  try {
    if (!acceptNewKey) await refuseStrangeKeys(shell, config, store);
    return (await store.countGrants(shell.clock.now())).people;
  } finally {
    await store.close();
  }
}

async function refuseStrangeKeys(shell: Shell, config: Config, store: Store): Promise<void> {
  const found = await store.findKeys(shell.clock.now());
  if (keysFit(await configuredKeys(config), found)) return;
  throw new Refusal(
    1,
    "none of the configured keys made the refresh tokens in this backup: put back the key that belongs to it (docs/operating.md, Keys), or, if it is lost, restore and then start with --accept-new-key",
  );
}
