import assert from "node:assert/strict";
import { runProgram } from "../../src/commands/program.ts";
import { processShell } from "../../src/commands/shell.ts";

/** What `--help` of a command prints. */
export async function help(...command: string[]): Promise<string> {
  const printed: string[] = [];
  const shell = { ...processShell({}), print: (text: string) => void printed.push(text) };
  assert.equal(await runProgram([...command, "--help"], shell), 0, command.join(" "));
  return printed.join("\n");
}

/** The commands that a help names. */
export function commandsIn(text: string): string[] {
  const [, list = ""] = /^Commands:\n((?: .*\n?)+)/m.exec(text) ?? [];
  const [, others = ""] = /^Also: (.*)\.$/m.exec(text) ?? [];
  return [...list.matchAll(/^ {2}([a-z][a-z-]*)/gm), ...others.matchAll(/([a-z-]+)/g)]
    .map(([, name = ""]) => name)
    .filter((name) => name !== "help");
}

/** Every command there is, with its help. */
export async function everyHelp(): Promise<(readonly [command: readonly string[], help: string])[]> {
  const all: (readonly [readonly string[], string])[] = [];
  for (const name of commandsIn(await help())) {
    const own = await help(name);
    all.push([[name], own]);
    for (const inner of commandsIn(own)) all.push([[name, inner], await help(name, inner)]);
  }
  return all;
}
