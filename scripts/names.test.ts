import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { everyHelp } from "../packages/gatehouse/test/commands/helps.ts";
import { isNpxOfSomebodyElse } from "./names.ts";

const root = resolve(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
/** As the link that npm made for it runs it. */
const run = (command: string, ...args: string[]) =>
  execFileSync(process.execPath, [join(root, "node_modules/.bin", command), ...args], {
    cwd: root,
    encoding: "utf8",
  });

test("Y01 the server is mcp-gatehouse with two commands of one meaning, and no file and no output sends anybody to the package gatehouse", async () => {
  const server = JSON.parse(read("packages/gatehouse/package.json")) as Record<string, unknown>;
  assert.equal(server.name, "mcp-gatehouse");
  assert.deepEqual(server.bin, {
    gatehouse: "./bin/gatehouse.js",
    "mcp-gatehouse": "./bin/gatehouse.js",
  });
  const kit = JSON.parse(read("packages/resource-server/package.json")) as Record<string, unknown>;
  assert.equal(kit.name, "@mcp-gatehouse/resource-server");

  const files = execFileSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8" }).split("\0");
  assert.ok(files.includes("README.md"), "the search looks at the wrong place");
  const guilty = files.filter((path) => path !== "" && isNpxOfSomebodyElse(readIfText(path)));
  assert.deepEqual(guilty, []);

  const help = run("gatehouse", "--help");
  assert.equal(run("mcp-gatehouse", "--help"), help);
  const texts = await everyHelp();
  assert.ok(texts.length >= 6, help);
  for (const [command, text] of [[["--help"], help] as const, ...texts]) {
    assert.ok(!isNpxOfSomebodyElse(text), command.join(" "));
  }
});

for (const line of ["npx …", "npx --yes … serve", "npx -y …@latest", "npm exec …"]) {
  // Put together here, because this file is searched as well.
  const text = line.replace("…", "gatehouse");
  test(`the search knows ${line}`, () => assert.ok(isNpxOfSomebodyElse(text)));
}

test("the search lets our own names pass", () => {
  for (const line of [
    "npx mcp-gatehouse dev",
    "npx --package=mcp-gatehouse gatehouse dev",
    "gatehouse serve",
  ]) {
    assert.ok(!isNpxOfSomebodyElse(line), line);
  }
});

/** What a file of the repository holds; nothing for one deleted from the work tree only. */
function readIfText(path: string): string {
  try {
    return read(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}
