import { type Command, Option } from "commander";
import { loadConfig } from "../config/config.ts";
import { oneLine } from "../oauth/harmless.ts";
import type { Store } from "../oauth/store.ts";
import { hashSecret } from "../oauth/tokens/secret.ts";
import { openStore, pendingMigrations } from "../start/store.ts";
import { recordingActs } from "./acts.ts";
import { asJson, duration, type JsonOption, printJson } from "./options.ts";
import { Refusal } from "./refusal.ts";
import type { Shell } from "./shell.ts";
import { changeStore, openAlready, tellChanged } from "./store.ts";

interface MigrateOptions extends JsonOption {
  readonly dryRun?: true;
  /** Seconds. */
  readonly wait: number;
}

export function addMigrateCommand(program: Command, shell: Shell): void {
  const command = program
    .command("migrate")
    .description("bring the database up to date; serve and dev do so by themselves when they start")
    .option("--dry-run", "only show what would be done")
    .addOption(
      new Option(
        "--wait <duration>",
        "for how long others may be in the way on PostgreSQL before it gives up",
      )
        .default(120, "2m")
        .argParser(duration("--wait")),
    )
    .addOption(asJson())
    .action((options: MigrateOptions) => migrate(shell, options));
  command
    .command("finalize")
    .description("drop what only the service before Gatehouse needs: clients' secrets in clear text")
    .addOption(asJson())
    // Also an option of the command above, which would take it.
    .action((_options, finalize: Command) => dropClearSecrets(shell, finalize.optsWithGlobals<JsonOption>()));
}

/**
 * Puts a hash in the place of every secret in clear text. The old service cannot authenticate these clients
 * afterwards.
 */
async function dropClearSecrets(shell: Shell, { json }: JsonOption): Promise<void> {
  const dropped = await changeStore(shell, async (store, done) => {
    const dropped = await dropEach(store);
    const detail = "secrets in clear text were dropped, a hash of each stays";
    if (dropped > 0) await done({ name: "client_credential_rotated", detail, count: dropped });
    return dropped;
  });
  if (json) return printJson(shell, { dropped });
  const clients = dropped === 1 ? "1 client" : `${dropped} clients`;
  shell.complain(
    dropped === 0
      ? "No client has a secret in clear text."
      : `Dropped the clear-text secret of ${clients}; a hash of each stays. The service before Gatehouse cannot be run on this database any more.`,
  );
}

/** @returns of how many clients */
async function dropEach(store: Store): Promise<number> {
  let dropped = 0;
  for (const { id, clearSecret } of await store.listClients()) {
    if (clearSecret === undefined) continue;
    if (await store.forgetClearSecret(id, clearSecret, hashSecret(clearSecret))) dropped++;
    else throw new Refusal(1, `the secret of client ${id} was changed at this moment: run it again`);
  }
  return dropped;
}

async function migrate(shell: Shell, { dryRun, json, wait }: MigrateOptions): Promise<void> {
  const config = loadConfig(shell, "command");
  const pending = await pendingMigrations(config);
  const names = pending.map(({ name }) => name);
  if (!dryRun) {
    const onWait = (message: string) => shell.complain(`gatehouse: ${oneLine(message, 1000)}`);
    const storage = { ...config.storage, migrate: true };
    const store = await openStore({ ...config, storage }, undefined, { waitMs: wait * 1000, onWait });
    try {
      const act = { name: "database_migrated", detail: names.join(", ") } as const;
      if (names.length > 0) await recordingActs(shell, config, openAlready(store), (done) => done(act));
    } finally {
      await store.close();
    }
    if (names.length > 0) tellChanged(shell, config.storage);
  }
  if (json) return printJson(shell, dryRun ? { pending } : { applied: names });
  if (pending.length === 0) return shell.complain("The database is up to date.");
  if (dryRun) shell.print(pending.map(({ name, sql }) => `-- ${name}\n${sql.trim()}`).join("\n\n"));
  else shell.complain(names.map((name) => `Applied ${name}`).join("\n"));
}
