import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { generatedFiles } from "./configuration.ts";

for (const [path, text] of Object.entries(generatedFiles())) {
  test(`${path} is what npm run configuration makes of the table of settings`, () => {
    assert.equal(readFileSync(join(resolve(import.meta.dirname, ".."), path), "utf8"), text);
  });
}
