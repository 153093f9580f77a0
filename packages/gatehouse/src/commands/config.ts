import { type Command, Option } from "commander";
import { loadConfig, loadSettings } from "../config/config.ts";
import { ConfigError, nameOf } from "../config/config-errors.ts";
import { fileSchema } from "../config/settings-table.ts";
import { shownSections, shownSettings } from "../config/shown-settings.ts";
import { asJson, type JsonOption, printJson } from "./options.ts";
import { Refusal } from "./refusal.ts";
import type { Shell } from "./shell.ts";
import { formatTable } from "./table.ts";

export function addConfigCommand(program: Command, shell: Shell): void {
  const config = program
    .command("config")
    .description("look at the configuration: the environment, and gatehouse.yaml beside it");
  config
    .command("check")
    .description("tell every error there is, as serve would; opens no port and no database")
    .addOption(forDev())
    .addOption(asJson())
    .action((options: JsonOption & ForDev) => check(shell, options));
  config
    .command("show")
    .description("print every setting with its value and where that comes from; secrets stay hidden")
    .addOption(asJson())
    .action((options: JsonOption) => show(shell, options));
  config
    .command("schema")
    .description("print the JSON Schema of gatehouse.yaml, with which editors complete and check it")
    .action(() => shell.print(JSON.stringify(fileSchema(), null, 2)));
}

interface ForDev {
  readonly dev?: true;
}

const forDev = () => new Option("--dev", "as gatehouse dev needs it, not serve");

function check(shell: Shell, { json, dev }: JsonOption & ForDev): void {
  try {
    loadConfig(shell, dev ? "dev" : "serve");
  } catch (error) {
    if (!json || !(error instanceof ConfigError)) throw error;
    const errors = error.errors.map(({ place, variable, found, expected }) => {
      return { place, variable, found, expected };
    });
    printJson(shell, { errors }, 2);
    throw new Refusal(2, `the configuration has errors: ${error.errors.map(nameOf).join(", ")}`);
  }
  if (json) printJson(shell, { errors: [] }, 2);
  else shell.complain("The configuration is in order.");
}

function show(shell: Shell, { json }: JsonOption): void {
  const { sources, file } = loadSettings(shell, "command");
  const settings = [...shownSettings(sources), ...shownSections(file)];
  if (json) {
    printJson(shell, { file: file.path, settings }, 2);
    return;
  }
  shell.complain(
    file.path === undefined ? "There is no configuration file." : `The configuration file is ${file.path}.`,
  );
  const rows = settings.map(({ setting, value, from }) => [setting, value, from]);
  shell.print(formatTable(["SETTING", "VALUE", "FROM"], rows));
}
