import { readSecretFile } from "./bounded-file.ts";
import { type ConfigProblem, quote } from "./config-errors.ts";
import type { ConfigFile } from "./config-file.ts";
import { type Variable, variables } from "./environment-variables.ts";
import { isServiceLink } from "./misspelt-variables.ts";

/*
 * Where each setting comes from: the environment, else the configuration file, else its default; a secret
 * from either directly, or from a file of its own.
 */

export interface Source {
  readonly text: string;
  /** As an error names it: the variable, or the setting of the file. */
  readonly name: string;
  /** In the configuration file. */
  readonly place?: string;
  /** The secret's own file. */
  readonly secretFile?: string;
}

export interface Sources {
  /** What holds, by variable; what has its default is not there. */
  readonly winning: ReadonlyMap<string, Source>;
  /** What the environment wins over; it must be right all the same. */
  readonly losing: ReadonlyMap<string, Source>;
}

type Environment = Readonly<Record<string, string | undefined>>;

const table = Object.entries<Variable<unknown>>(variables);
const isVariable = (name: string) => Object.hasOwn(variables, name);

/** The names of all variables that are read, `…_FILE` of secrets among them. */
export const variableNames: readonly string[] = [
  ...new Set([
    ...table.flatMap(([name, { secret, inFile = secret }]) => (inFile ? [name, `${name}_FILE`] : [name])),
    "GATEHOUSE_CONFIG",
  ]),
];

/** @param errors told of a secret that is given twice, and of files that cannot be had */
export function collectSources(environment: Environment, file: ConfigFile, errors: ConfigProblem[]): Sources {
  const winning = new Map<string, Source>();
  const losing = new Map<string, Source>();
  for (const [variable, { secret, inFile = secret, path = "" }] of table) {
    // The file of a secret stands with the secret.
    if (!inFile && variable.endsWith("_FILE") && isVariable(variable.slice(0, -"_FILE".length))) continue;
    const inEnvironment = fromEnvironment(variable, inFile === true);
    const underneath = fromFile(variable, path);
    const [first, second] = inEnvironment === undefined ? [underneath] : [inEnvironment, underneath];
    if (first !== undefined) winning.set(first.variable, first.source);
    if (second !== undefined) losing.set(second.variable, second.source);
  }
  return { winning, losing };

  function fromEnvironment(variable: string, inFile: boolean) {
    const text = given(environment, variable);
    const path = inFile ? given(environment, `${variable}_FILE`) : undefined;
    if (text !== undefined && path !== undefined) {
      const expected = `nothing, because ${variable} is set too`;
      errors.push({ variable: `${variable}_FILE`, found: quote(path), expected });
    }
    if (text !== undefined) return { variable, source: { text, name: variable } };
    return path === undefined ? undefined : fromSecretFile(variable, path, { name: `${variable}_FILE` });
  }

  function fromFile(variable: string, name: string) {
    const { place = "", text, secretFile } = file.entries.get(variable) ?? {};
    if (text?.trim()) return { variable, source: { text: text.trim(), name, place } };
    return secretFile === undefined ? undefined : fromSecretFile(variable, secretFile, { name, place });
  }

  function fromSecretFile(variable: string, path: string, at: { name: string; place?: string }) {
    // The file of the secret keys is read later, by those who need it: some commands write it.
    if (isVariable(`${variable}_FILE`)) {
      return { variable: `${variable}_FILE`, source: { ...at, text: path, secretFile: path } };
    }
    const secret = readSecretFile(path);
    if ("text" in secret) return { variable, source: { ...at, text: secret.text, secretFile: path } };
    const expected =
      "the path of a file of at most 64 kB that holds the secret and that not everybody may write";
    errors.push({ variable: at.name, place: at.place, found: `${quote(path)}, ${secret.problem}`, expected });
    return undefined;
  }
}

/** A variable that is empty counts as absent, and so does one that a cluster has set. */
function given(environment: Environment, variable: string): string | undefined {
  const text = environment[variable]?.trim();
  return text && !isServiceLink(variable, text) ? text : undefined;
}
