import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";

interface Options {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
}

// On Windows npm is a script of the shell's.
const shell = process.platform === "win32";

/** Runs npm and gives what it printed. @throws with npm's own words, when it fails */
export function npm(args: readonly string[], { cwd, env = process.env }: Options): string {
  return execFileSync("npm", args, { cwd, env, shell, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** The same, while this process goes on: it may be the registry that npm asks. */
export async function npmMeanwhile(
  args: readonly string[],
  { cwd, env = process.env }: Options,
): Promise<string> {
  const { stdout } = await promisify(execFile)("npm", args, { cwd, env, shell, encoding: "utf8" });
  return stdout;
}
