import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from "yaml";
import { type ConfigProblem, quote } from "./config-errors.ts";
import { nearestKey } from "./nearest-key.ts";
import { type FileKey, fileGroups } from "./settings-table.ts";

/** What the file says of one variable: its text, or the file that holds it; and where. */
export interface FileEntry {
  readonly place: string;
  readonly text?: string;
  readonly secretFile?: string;
}

/** By the variable's name. */
export type FileEntries = ReadonlyMap<string, FileEntry>;

/** So few that nothing grows out of hand, and enough for a list that is used twice. */
const maxAliases = 100;

/**
 * Reads a document that is YAML against the table of settings: unknown names are errors, and so are values
 * that are written in another form.
 * @param placeAt the place of an offset, in words
 */
export function readEntries(
  document: Document.Parsed,
  placeAt: (offset: number) => string,
  errors: ConfigProblem[],
): FileEntries {
  const entries = new Map<string, FileEntry>();
  let aliases = 0;
  const placeOf = (node: unknown) => placeAt((node as Node | null)?.range?.[0] ?? 0);
  const root = resolved(document.contents);
  if (isEmpty(root)) return entries;
  if (!isMap(root)) {
    errors.push(problem("", root, "something else than groups", "groups of settings, such as server:"));
    return entries;
  }
  for (const [groupName, value] of namedPairs(root, "", [...fileGroups.keys()])) {
    const group = fileGroups.get(groupName) ?? new Map<string, FileKey>();
    const node = resolved(value.value);
    if (isEmpty(node)) continue;
    if (!isMap(node)) {
      errors.push(
        problem(groupName, value.value, describe(node), `settings below it: ${[...group.keys()].join(", ")}`),
      );
      continue;
    }
    for (const [key, pair] of namedPairs(node, `${groupName}.`, [...group.keys()])) {
      const about = group.get(key);
      if (about !== undefined) readSetting(about, pair);
    }
  }
  return entries;

  /** The pairs whose key is known; the others are told. */
  function namedPairs(map: YAMLMap, before: string, known: readonly string[]): [string, Pair][] {
    const found: [string, Pair][] = [];
    for (const pair of map.items) {
      const name = isScalar(pair.key) ? String(pair.key.value) : "";
      if (known.includes(name)) {
        found.push([name, pair]);
        continue;
      }
      const meant = nearestKey(name, before, known);
      const expected = meant === undefined ? `one of ${known.join(", ")}` : `${meant}: did you mean that?`;
      errors.push(
        problem(before + quote(name).slice(1, -1), pair.key, "a name that nothing reads", expected),
      );
    }
    return found;
  }

  function readSetting(about: FileKey, pair: Pair): void {
    const { path, variable, secret, inFile, form, expected } = about;
    const value = plain(resolved(pair.value));
    const node = pair.value ?? pair.key;
    if (aliases > maxAliases) return;
    const secretFile = inFile ? fileOf(value) : undefined;
    if (secretFile !== undefined) {
      entries.set(variable, { place: placeOf(node), secretFile });
    } else if (form.schema.safeParse(value).success) {
      entries.set(variable, { place: placeOf(node), text: form.toText(value) });
    } else {
      const found = secret ? kindOf(value) : describe(value);
      errors.push(problem(path, node, found, expected + hint(form.called, value)));
    }
  }

  function problem(variable: string, node: unknown, found: string, expected: string): ConfigProblem {
    return { variable, place: placeOf(node), found, expected };
  }

  /** What an alias stands for. One too many is an error, and stands for nothing. */
  function resolved(node: unknown): unknown {
    if (!isAlias(node)) return node;
    aliases += 1;
    if (aliases <= maxAliases) return node.resolve(document);
    if (aliases === maxAliases + 1) {
      errors.push(problem("", node, "very many aliases", `at most ${maxAliases} of them`));
    }
    return undefined;
  }

  /**
   * A scalar or a list of them as plain values, `{ file: … }` as an object without prototype; what is deeper
   * has no meaning.
   */
  function plain(node: unknown): unknown {
    if (isScalar(node)) return node.value;
    if (isSeq(node)) {
      return node.items.map((item) => {
        const inner = resolved(item);
        return isScalar(inner) ? inner.value : undefined;
      });
    }
    if (!isMap(node)) return undefined;
    return new Map(
      node.items.map((pair) => {
        const inner = resolved(pair.value);
        return [isScalar(pair.key) ? pair.key.value : undefined, isScalar(inner) ? inner.value : undefined];
      }),
    );
  }
}

/** A group of which everything is commented out. */
const isEmpty = (node: unknown) =>
  node === null || node === undefined || (isScalar(node) && node.value === null);

/** The path in `file: <path>`. */
function fileOf(value: unknown): string | undefined {
  if (!(value instanceof Map) || value.size !== 1) return undefined;
  const path: unknown = value.get("file");
  return typeof path === "string" && path.trim() !== "" ? path : undefined;
}

/** What is wrong with a value that may look right. */
function hint(called: string, value: unknown): string {
  if (called === "a text" && (typeof value === "number" || typeof value === "boolean")) return "; in quotes";
  if (called === "a whole number" && typeof value === "string") return "; a number, without quotes";
  if (called === "a list" && typeof value === "string") return "; a list, such as [a, b]";
  return "";
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "string") return "a text";
  return typeof value === "object" ? "a group" : `a ${typeof value}`;
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return quote(value.map(String).join(", "));
  if (typeof value === "string") return quote(value);
  if (typeof value === "number" || typeof value === "boolean") return `the ${typeof value} ${value}`;
  return isScalar(value) ? describe(value.value) : isSeq(value) ? "a list" : kindOf(value);
}
