import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from "node:fs";
import { quote, type VariableError } from "./config-errors.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const maxBytes = 64 * 1024;

/** The variable that names the file of another. */
export const fileVariable = (name: string) => `${name}_FILE`;

/**
 * The environment with the secrets in it that stand in files (`X_FILE`), as container platforms mount them. One line break at the end of
 * a file is not part of the secret.
 * @param names variables that may stand in a file
 * @param errors gets what is wrong; never anything of a file's content
 */
export function withSecretFiles(
  environment: Environment,
  names: readonly string[],
  errors: VariableError[],
): Environment {
  const read: Record<string, string> = {};
  for (const name of names) {
    const variable = fileVariable(name);
    const path = environment[variable]?.trim();
    if (!path) continue;
    if (environment[name]?.trim()) {
      const expected = `nothing, because ${name} is set too: set only one of them`;
      errors.push({ variable, found: quote(path), expected });
      continue;
    }
    const content = readSecret(path);
    if ("secret" in content) read[name] = content.secret;
    else errors.push({ variable, found: `${quote(path)}, ${content.problem}`, expected });
  }
  return { ...environment, ...read };
}

const expected = "the path of a file of at most 64 kB that holds the secret and that not everybody may write";

function readSecret(path: string): { readonly secret: string } | { readonly problem: string } {
  let file: number | undefined;
  try {
    // Without waiting for whoever might write into a pipe; and what is looked at is what is read.
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const problem = problemOf(fstatSync(file));
    if (problem !== undefined) return { problem };
    const secret = readFileSync(file, "utf8").replace(/\r?\n$/, "");
    return secret.trim() === "" ? { problem: "which is empty" } : { secret };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    return { problem: reasons[code] ?? `which cannot be read (${code})` };
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "which does not exist",
  EACCES: "which this account may not read",
  EISDIR: "which is a folder",
};

function problemOf(found: Stats): string | undefined {
  if (found.isDirectory()) return "which is a folder";
  if (!found.isFile()) return "which is not a file";
  if (found.size === 0) return "which is empty";
  if (found.size > maxBytes) return `which has ${found.size} bytes`;
  if (process.platform !== "win32" && (found.mode & 0o002) !== 0) return "which everybody may write";
  return undefined;
}
