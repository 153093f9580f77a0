import { Command, CommanderError } from "commander";
import { ConfigError, nameOf } from "../config/config-errors.ts";
import { KeyError } from "../keys/key-file.ts";
import { oneLine } from "../oauth/harmless.ts";
import { programVersion } from "../shipped-files.ts";
import { addAccessCommand } from "./access.ts";
import { addAuditCommand } from "./audit.ts";
import { addBackupCommand } from "./backup.ts";
import { addCheckCommand } from "./check.ts";
import { addClientsCommand } from "./clients.ts";
import { addConfigCommand } from "./config.ts";
import { addDevCommand } from "./dev.ts";
import { addDoctorCommand } from "./doctor.ts";
import { addGrantsCommand } from "./grants.ts";
import { addHealthCommand } from "./health.ts";
import { addHelp } from "./help.ts";
import { withHyphenedIds } from "./hyphened-ids.ts";
import { addKeysCommand } from "./keys.ts";
import { addMigrateCommand } from "./migrate.ts";
import { elidedCommand } from "./operator.ts";
import { addPeopleCommand } from "./people.ts";
import { addProtectCommand } from "./protect.ts";
import { Refusal } from "./refusal.ts";
import { addResourcesCommand } from "./resources.ts";
import { addRestoreCommand } from "./restore.ts";
import { addServeCommand } from "./serve.ts";
import type { Shell } from "./shell.ts";
import { addTraceCommand } from "./trace.ts";

/**
 * Runs the `gatehouse` command.
 * @param args the arguments after the command's name
 * @returns the exit code: 0 done, 1 refused, not found or failed, 2 wrong usage or configuration
 */
export async function runProgram(args: readonly string[], shell: Shell): Promise<number> {
  try {
    const program = createProgram({ ...shell, command: elidedCommand(args) });
    await program.parseAsync(withHyphenedIds(program, args), { from: "user" });
    return 0;
  } catch (error) {
    return explain(error, shell);
  }
}

function createProgram(called: Shell): Command {
  const program = new Command("gatehouse")
    .description("The authorization server you put in front of your MCP servers.")
    .version(describeVersion())
    .option("--config <file>", "the configuration file; without it gatehouse.yaml in the working folder")
    .helpCommand("help [command]", "show what a command does")
    .showHelpAfterError("(gatehouse --help shows what there is)")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => called.print(text.trimEnd()),
      writeErr: (text) => called.complain(text.trimEnd()),
    });
  const shell: Shell = {
    ...called,
    get configPath() {
      return program.opts<{ config?: string }>().config;
    },
  };
  addServeCommand(program, shell);
  addDevCommand(program, shell);
  addProtectCommand(program, shell);
  addMigrateCommand(program, shell);
  addClientsCommand(program, shell);
  addResourcesCommand(program, shell);
  addPeopleCommand(program, shell);
  addGrantsCommand(program, shell);
  addAccessCommand(program, shell);
  addAuditCommand(program, shell);
  addKeysCommand(program, shell);
  addHealthCommand(program, shell);
  addBackupCommand(program, shell);
  addRestoreCommand(program, shell);
  addConfigCommand(program, shell);
  addCheckCommand(program, shell);
  addDoctorCommand(program, shell);
  addTraceCommand(program, shell);
  addHelp(program);
  return program;
}

/** Of the product and of what it runs on: what a report of a fault needs. */
function describeVersion(): string {
  return `gatehouse ${programVersion()} (Node ${process.versions.node}, ${process.platform} ${process.arch})`;
}

/**
 * Says what went wrong, in words for the person at the terminal. Commander has said its own errors already.
 */
function explain(error: unknown, shell: Shell): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof ConfigError) {
    const { errors } = error;
    shell.complain(
      `gatehouse: the configuration has ${errors.length === 1 ? "an error" : `${errors.length} errors`}`,
    );
    for (const problem of errors) {
      const { found, expected } = problem;
      shell.complain(`  ${nameOf(problem)}\n    found     ${found}\n    expected  ${expected}`);
    }
    return 2;
  }
  if (error instanceof KeyError) {
    shell.complain(`gatehouse: ${chain(error).join(": ")}`);
    return 2;
  }
  if (error instanceof Refusal) {
    if (error.message !== "") shell.complain(`gatehouse: ${error.message}`);
    return error.exitCode;
  }
  shell.complain(`gatehouse: ${chain(error).join(": ")}`);
  return 1;
}

/** The messages of an error and of what caused it. */
function chain(error: unknown): string[] {
  if (!(error instanceof Error)) return [oneLine(String(error))];
  return [oneLine(error.message, 1000), ...(error.cause === undefined ? [] : chain(error.cause))];
}
