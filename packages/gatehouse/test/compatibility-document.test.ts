import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const document = readFileSync(join(import.meta.dirname, "../../../docs/compatibility.md"), "utf8");

test("every line of the original's contract names tests that exist", () => {
  const named = [...document.matchAll(/`([a-z-]+(?:\/[a-z-]+)+|housekeeping)`: ([^;|)\n]+)/g)];
  assert.ok(named.length > 80, `only ${named.length} are named`);
  for (const [, path = "", beginning = ""] of named) {
    const file = join(import.meta.dirname, `${path}.test.ts`);
    assert.ok(existsSync(file), `${path}: there is no such file of tests`);
    const titles = [...readFileSync(file, "utf8").matchAll(/\btest\(\s*(["'`])((?:[^\\]|\\.)*?)\1/g)];
    const wanted = beginning.trim().replace(/\.$/, "");
    assert.ok(
      titles.some(([, , title = ""]) => title.startsWith(wanted)),
      `${path}: no test whose title begins with "${wanted}"`,
    );
  }
});

test("every line of a table about what holds has a test", () => {
  // The tables that say so have a last column for it; the others only describe.
  for (const table of document.split("\n\n").filter((part) => part.startsWith("| | test |"))) {
    for (const line of table
      .split("\n")
      .slice(2)
      .filter((each) => each.startsWith("|"))) {
      assert.match(line, /`[a-z/-]+`: \S.*\|$/, line);
    }
  }
});
