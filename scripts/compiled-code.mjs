/*
 * Loaded before each test file: compiled code, with the types already off, is kept in .cache/ for the files
 * and the processes that come after, as the command's launcher keeps its own.
 */
import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../.cache/compiled", import.meta.url));
enableCompileCache(folder);
process.env.NODE_COMPILE_CACHE ??= folder;
