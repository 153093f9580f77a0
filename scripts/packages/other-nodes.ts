import { hash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import type { TestContext } from "node:test";
import { npm } from "../npm.ts";

const source = resolve(import.meta.dirname, "../nodes");
const cache = resolve(import.meta.dirname, "../../.cache");

/**
 * The `node` of another major version, installed from npm once and by the hashes of a lock file of its own
 * (scripts/nodes), apart from the one that this repository runs on; or the one that `NODE_<major>` names.
 * Where it cannot be had the test is skipped, and says why; in continuous integration it fails.
 */
export function otherNode(t: TestContext, major: number): string | undefined {
  const given = process.env[`NODE_${major}`];
  if (given !== undefined) return given;
  const name = `node${major}-${process.platform}-${process.arch}`;
  const { optionalDependencies } = JSON.parse(readFileSync(join(source, "package.json"), "utf8")) as {
    optionalDependencies: Record<string, string>;
  };
  if (optionalDependencies[name] === undefined) {
    t.skip(`npm has no package of Node ${major} for ${process.platform} ${process.arch}`);
    return undefined;
  }
  const found = install(name);
  if (typeof found === "string") return found;
  const problem = `Node ${major} could not be installed: ${found.message}`;
  if (process.env.CI !== undefined) throw new Error(problem);
  t.skip(problem.slice(0, 500));
  return undefined;
}

function install(name: string): string | Error {
  const lock = readFileSync(join(source, "package-lock.json"), "utf8");
  const folder = join(cache, `nodes-${hash("sha256", lock).slice(0, 12)}`);
  const binary = join(
    folder,
    "node_modules",
    name,
    "bin",
    process.platform === "win32" ? "node.exe" : "node",
  );
  if (existsSync(binary)) return binary;
  // Made apart and put in its place when whole: two test files may want it at once.
  const making = `${folder}.${process.pid}`;
  try {
    mkdirSync(cache, { recursive: true });
    cpSync(source, making, { recursive: true });
    npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: making });
    if (!existsSync(folder)) renameSync(making, folder);
  } catch (error) {
    if (!existsSync(binary)) return error as Error;
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
  return existsSync(binary) ? binary : new Error(`npm ci brought no ${name}`);
}
