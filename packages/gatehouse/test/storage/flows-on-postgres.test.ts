import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { openPostgresStore } from "../../src/storage/postgres/store.ts";
import { startPostgres } from "../support/postgres.ts";

/** What is about the embedded database itself, or about pages, sinks and secrets, whatever the database. */
const elsewhere = [
  "database-dump",
  "brand-browser",
  "consent-browser",
  "console-browser",
  "passkeys-browser",
  "several-providers-browser",
  "twenty-failures",
  "hostile-text",
  "secrets-nowhere",
  "doctor-challenge",
  "spans",
  "sinks",
  "language",
  "bad-input",
  "metadata",
  "client-document-policy",
  "legacy-side-by-side",
  "legacy-refresh",
];

test("LEGACY and all other flows and attacks go on PostgreSQL as they do on the embedded database", {
  timeout: 900_000,
}, async (t) => {
  // Some thirty files, on a machine that may have others to run.
  const postgres = await startPostgres();
  t.after(() => postgres.stop());
  // Each server under test gets a copy of one that is up to date.
  const url = await postgres.createDatabase();
  await (await openPostgresStore({ url })).close();
  const folder = join(import.meta.dirname, "../flows");
  const files = readdirSync(folder)
    .filter((name) => name.endsWith(".test.ts") && !elsewhere.some((other) => name.startsWith(other)))
    .map((name) => join(folder, name));
  // A child, since a test file cannot run others; not told that it is one, or it would print for machines.
  const { NODE_TEST_CONTEXT: _context, ...environment } = process.env;
  const child = spawn(process.execPath, ["--test", "--test-concurrency=2", "--test-reporter=tap", ...files], {
    env: { ...environment, TEST_POSTGRES: url },
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill());
  const report = await text(child.stdout);
  const count = (what: string) => Number(new RegExp(`^# ${what} (\\d+)$`, "m").exec(report)?.[1]);
  const failures = report.match(/^\s*not ok .*(?:\n\s+.*){0,12}/gm) ?? [];
  assert.equal(count("fail"), 0, failures.join("\n"));
  assert.ok(count("pass") > 200, `only ${count("pass")} passed`);
  assert.equal(count("skipped"), 0);
});
