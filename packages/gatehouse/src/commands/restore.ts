import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import { type Config, describeStorage, loadConfig } from "../config/config.ts";
import { keysFit } from "../keys/keyring.ts";
import type { Store } from "../oauth/store.ts";
import { configuredKeys } from "../start/keyed-store.ts";
import { type PreparedRestore, prepareRestore } from "../storage/sqlite/restore.ts";
import { openSqliteStore } from "../storage/sqlite/store.ts";
import { doneUnlessOlder, recordingActs } from "./acts.ts";
import { databaseFile, explained } from "./backup.ts";
import {
  type AcceptNewKeyOption,
  acceptingNewKey,
  agree,
  asJson,
  type JsonOption,
  printJson,
  withoutAsking,
  type YesOption,
} from "./options.ts";
import { Refusal } from "./refusal.ts";
import type { Shell } from "./shell.ts";
import { trailOf } from "./store.ts";
import { several } from "./table.ts";

type RestoreOptions = JsonOption & AcceptNewKeyOption & YesOption;

export function addRestoreCommand(program: Command, shell: Shell): void {
  program
    .command("restore <file>")
    .description(
      "put a backup in the place of the embedded database, while no server runs; keeps the old one; says what ends and asks",
    )
    .addOption(acceptingNewKey("restore it although no configured key made the refresh tokens in it"))
    .addOption(withoutAsking())
    .addOption(asJson())
    .action((file: string, options: RestoreOptions) => restore(shell, file, options));
}

async function restore(shell: Shell, file: string, options: RestoreOptions): Promise<void> {
  const { acceptNewKey, json } = options;
  const config = loadConfig(shell, "command");
  const path = databaseFile(
    config.storage,
    (name) => `pg_restore --clean --if-exists --dbname=${name} ${file}`,
  );
  await recordingActs(
    shell,
    config,
    () => trailOf(config),
    async (done) => {
      const prepared = await explained(() => prepareRestore(path, file));
      try {
        const people = await lookThrough(shell, config, prepared, acceptNewKey ?? false);
        await explained(prepared.refuseOpen);
        if (existsSync(path)) await agree(shell, options, await whatEnds(shell, path));
        const lost = await headsOf(path);
        const restored = await headsOf(prepared.draft);
        const replaced = await explained(prepared.install);
        const { pending } = prepared;
        const previous = replaced === undefined ? undefined : resolve(replaced);
        // So that a restore is told from a database that somebody rolled back (Z18).
        const detail = `${resolve(file)}; its trail ends at ${restored || "no record"}`;
        await doneUnlessOlder(shell, done, { name: "backup_restored", detail, heads: lost || undefined });
        if (json) return printJson(shell, { file: resolve(file), replaced: previous, pending, people });
        shell.complain(`Restored ${describeStorage(config.storage)} from ${resolve(file)}`);
        if (people !== undefined) shell.complain(`People with a live grant in it: ${people}`);
        if (previous !== undefined) shell.complain(`The database that was there is kept as ${previous}`);
        if (pending > 0)
          shell.complain(`It is of an older version: ${pending} migrations are left to the next start`);
        shell.complain(whatIsLost);
      } finally {
        prepared.discard();
      }
    },
  );
}

/** The latest ends of chains of a database's audit trail; empty where it has none that can be read. */
async function headsOf(path: string): Promise<string> {
  try {
    const store = await openSqliteStore({ path, create: false, migrate: false });
    try {
      const { chains } = await store.findAuditChains();
      const latest = chains.filter(({ head }) => head.sequence > 0).sort((a, b) => b.head.time - a.head.time);
      const heads = latest.slice(0, maxHeads).reverse();
      return heads
        .map(({ number, chain, head }) => `${number}:${chain}-${head.sequence}-${head.mac}`)
        .join(" ");
    } finally {
      await store.close();
    }
  } catch {
    return ""; // of another version, or damaged: the restore itself says so
  }
}

const maxHeads = 100;

const whatIsLost = `What was made since the backup is lost: newer apps and people sign in once more; older ones go on.
What was revoked, removed or retired since is there again: do that again, from your records or the log.`;

/** What becomes of the database in place; of one that is damaged, or of another version, nobody can tell. */
async function whatEnds(shell: Shell, path: string): Promise<string> {
  const grants = await countGrants(shell, path).catch(() => undefined);
  const which = grants === undefined ? "grants that cannot be counted" : several(grants, "live grant");
  return `restoring replaces the database ${path}, which has ${which}; those that the backup lacks end`;
}

async function countGrants(shell: Shell, path: string): Promise<number> {
  const store = await openSqliteStore({ path, create: false, migrate: false });
  try {
    const { byKey } = await store.countGrants(shell.clock.now());
    return byKey.reduce((sum, { grants }) => sum + grants, 0);
  } finally {
    await store.close();
  }
}

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
