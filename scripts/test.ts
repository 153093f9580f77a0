/**
 * `npm test [-- <options of node --test>]`: every test. Two files at once; those that share a process are run
 * by the files of packages/gatehouse/test/together/.
 */
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { join, resolve } from "node:path";
import { sharing } from "../packages/gatehouse/test/together/files.ts";

const root = resolve(import.meta.dirname, "..");
const patterns = ["packages/*/test/**/*.test.ts", "examples/*/test/**/*.test.ts", "scripts/**/*.test.ts"];
const shared = new Set(sharing);
const files = globSync(patterns, { cwd: root }).filter((file) => !shared.has(join(root, file)));
const { status } = spawnSync(
  process.execPath,
  [
    "--import",
    "./scripts/before-each-test-file.mjs",
    "--test",
    "--test-concurrency=2",
    "--test-timeout=180000",
    ...process.argv.slice(2),
    ...files,
  ],
  { cwd: root, stdio: "inherit" },
);
process.exit(status ?? 1);
