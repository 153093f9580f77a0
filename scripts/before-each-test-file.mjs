/*
 * Loaded before each test file. Compiled code, with the types already off, is kept in .cache/ for the files
 * and the processes that come after, as the command's launcher keeps its own. And a file that something keeps
 * alive, a server that was not stopped for one, is ended: the runner itself waits for it for ever.
 */
import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../.cache/compiled", import.meta.url));
enableCompileCache(folder);
process.env.NODE_COMPILE_CACHE ??= folder;

const longestMinutes = 8;
const isTestFile = process.env.NODE_TEST_CONTEXT !== undefined;
if (isTestFile) setTimeout(end, longestMinutes * 60_000).unref();

function end() {
  const kept = process.getActiveResourcesInfo().join(", ");
  process.stderr.write(
    `${process.argv[1]} still ran after ${longestMinutes} minutes, kept alive by: ${kept}\n`,
  );
  process.exit(1);
}
