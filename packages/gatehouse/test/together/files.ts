import { globSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { pathToFileURL } from "node:url";

/** Where the tests of the server are. */
const folder = join(import.meta.dirname, "..");

/**
 * What changes its process for good, or looks at what it loads, at how much memory it has or how long it
 * computes: the others would be in it.
 */
const alone = [
  "client-documents/guarded-fetch", // trusts a certificate
  "flows/sinks", // loads nothing that nobody needs
  "flows/spans",
  "gateway/edge/framing", // holds little memory
  "gateway/messages/judge", // computes little
  "gateway/permissions",
  "gateway/relay/streams",
  "gateway/stdio/slow-readers",
  "http/stubborn-peers",
  "insight/audit/killed-writers", // waits for others most of its time
];

/** A browser's own computing is what takes long there, and goes on beside other files. */
const inBrowser = "flows/*-browser";

const testFiles = (patterns: readonly string[]): string[] =>
  globSync(
    patterns.map((pattern) => `${pattern}.test.ts`),
    {
      cwd: folder,
      exclude: [...alone, inBrowser].map((pattern) => `${pattern}.test.ts`),
    },
  )
    .map((path) => path.replaceAll("\\", "/"))
    .sort();

/**
 * The test files that share a process, by the name of the file beside this one that runs them: most start a
 * whole server, and loading it with its identity provider takes half a second of computing each time. Every
 * other test file has a process of its own, above all those that start some.
 */
export const together = {
  // Those that start no process.
  commands: testFiles([
    "commands/{access,audit-verify,check-github,client-changes,clients,database,doctor-history,doctor-report,doctor-walk}",
    "commands/{doctor,health,invite,keys,migrate,people,reloaded-rules,resources,table}",
  ]),
  flows: testFiles(["flows/*"]),
  gateway: testFiles(["gateway/**/*", "http/*"]),
  parts: testFiles(
    [
      "access",
      "caching",
      "client-documents",
      "clients",
      "config",
      "demo",
      "guarded",
      "identity",
      "insight/{audit,doctor,export,spans,trace,walk}",
      "keys",
      "oauth",
      "pages",
      "start",
      "telemetry",
    ].map((name) => `${name}/**/*`),
  ),
};

/** The paths of all of them, as the whole run takes them out of its list. */
export const sharing: readonly string[] = Object.values(together)
  .flat()
  .map((file) => join(folder, file));

/**
 * Runs test files one after the other in this process, each loaded when its turn comes: as a test whose
 * subtests and hooks are the file's.
 */
export function runTogether(files: readonly string[]): void {
  for (const file of files)
    test(file, () => {
      // The tests of a suite begin when all of it is there, as those of a file do.
      suite("all", async () => {
        await import(pathToFileURL(join(folder, file)).href);
      });
    });
}
