import type { Command } from "commander";
import { readConfig } from "../config.ts";
import { openStore, pendingMigrations } from "../gatehouse.ts";
import { asJson, type JsonOption } from "./options.ts";
import type { Shell } from "./shell.ts";

export function addMigrateCommand(program: Command, shell: Shell): void {
  program
    .command("migrate")
    .description("bring the database up to date; serve and dev do so by themselves when they start")
    .option("--dry-run", "only show what would be done")
    .addOption(asJson())
    .action((options: JsonOption & { dryRun?: true }) => migrate(shell, options));
}

async function migrate(shell: Shell, { dryRun, json }: JsonOption & { dryRun?: true }): Promise<void> {
  const config = readConfig(shell.environment, "command");
  const pending = await pendingMigrations(config);
  if (!dryRun) await (await openStore({ storage: { ...config.storage, migrate: true } })).close();
  const names = pending.map(({ name }) => name);
  if (json) return shell.print(JSON.stringify(dryRun ? { pending } : { applied: names }));
  if (pending.length === 0) return shell.print("The database is up to date.");
  if (dryRun) shell.print(pending.map(({ name, sql }) => `-- ${name}\n${sql.trim()}`).join("\n\n"));
  else shell.print(names.map((name) => `Applied ${name}`).join("\n"));
}
