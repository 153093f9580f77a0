import assert from "node:assert/strict";
import { test } from "node:test";
import { runCommand } from "./command-line.ts";
import { commandsIn, everyHelp, help } from "./helps.ts";

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
  for (const [command, text] of await everyHelp()) checkHelp(command, text);
  const misspelt = await runCommand(["clients", "lst"]);
  assert.deepEqual([misspelt.code, misspelt.out], [2, ""]);
  assert.match(misspelt.err, /Did you mean list\?/);
});

function checkHelp(command: readonly string[], text: string): void {
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
