import type { Command } from "commander";
import { loadConfig } from "../config/config.ts";
import { NothingToTestError, testAccess } from "../start/access-test.ts";
import { describeExplanation, explanationAsJson } from "./access-tables.ts";
import { asJson, type JsonOption, printJson } from "./options.ts";
import { Refusal } from "./refusal.ts";
import type { Shell } from "./shell.ts";
import { withStore } from "./store.ts";

interface TestOptions extends JsonOption {
  readonly scope?: string;
}

export function addAccessCommand(program: Command, shell: Shell): void {
  const access = program.command("access").description("the rules of who may do what");
  access
    .command("test <person> <resource>")
    .description(
      "say rule by rule whether a person, by address or subject (user_…), may use an MCP server now, and with which scopes; exit code 0: they may, 1: they may not, 2: no such person or MCP server",
    )
    .option(
      "--scope <scopes>",
      "what is asked for, separated by spaces; what whoever asks for none gets when left out",
    )
    .addOption(asJson())
    .action(async (person: string, resource: string, { scope, json }: TestOptions) => {
      const tested = await withStore(shell, (store) => {
        const config = loadConfig(shell, "command");
        return testAccess(config, store, shell.clock.now(), { person, resource, scope });
      }).catch((error: unknown) => {
        throw error instanceof NothingToTestError ? new Refusal(2, error.message) : error;
      });
      if (json) printJson(shell, explanationAsJson(tested));
      else shell.print(describeExplanation(tested));
      if (!tested.allowed) throw new Refusal(1, "");
    });
}
