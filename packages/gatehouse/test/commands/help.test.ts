import assert from "node:assert/strict";
import { test } from "node:test";
import { runProgram } from "../../src/commands/program.ts";
import { processShell } from "../../src/commands/shell.ts";
import { runCommand } from "./command-line.ts";

async function help(...command: string[]): Promise<string> {
  const printed: string[] = [];
  const shell = { ...processShell({}), print: (text: string) => void printed.push(text) };
  assert.equal(await runProgram([...command, "--help"], shell), 0, command.join(" "));
  return printed.join("\n");
}

/** The commands that a help names. */
function commandsIn(text: string): string[] {
  const [, list = ""] = /^Commands:\n((?: .*\n?)+)/m.exec(text) ?? [];
  return [...list.matchAll(/^ {2}([a-z][a-z-]*)/gm)]
    .map(([, name = ""]) => name)
    .filter((name) => name !== "help");
}

test("Y15 the first help fits a small screen; each command's begins with an example of it and says which settings it reads", async () => {
  const first = await help();
  const lines = first.split("\n");
  assert.ok(lines.length <= 24, `${lines.length} lines`);
  assert.ok(lines.every((line) => line.length <= 80));
  assert.match(first, /Examples:(\n {2}gatehouse .+){3}/);
  assert.match(first, /Settings .*serve --help/);
  const names = commandsIn(first);
  for (const name of ["serve", "dev", "migrate", "clients", "resources", "config"])
    assert.ok(names.includes(name));
  for (const name of names) {
    const own = await help(name);
    await checkHelp([name], own);
    for (const inner of commandsIn(own)) await checkHelp([name, inner], await help(name, inner));
  }
  const misspelt = await runCommand(["clients", "lst"]);
  assert.deepEqual([misspelt.code, misspelt.out], [2, ""]);
  assert.match(misspelt.err, /Did you mean list\?/);
});

async function checkHelp(command: readonly string[], text: string): Promise<void> {
  const called = command.join(" ");
  const [heading = "", example = ""] = text.split("\n");
  assert.match(heading, /^Examples?:$/, called);
  assert.ok(example.startsWith(`  gatehouse ${called}`), `${called}: ${example}`);
  for (const [option] of example.matchAll(/--[a-z-]+/g)) {
    const uses = text.split("\n").filter((line) => line.includes(option));
    assert.ok(uses.length > 1, `${called} has no ${option}`);
  }
  const readsNothing = called === "config schema";
  assert.equal(/Settings it reads: |^Lengths of time/m.test(text), !readsNothing, called);
}
