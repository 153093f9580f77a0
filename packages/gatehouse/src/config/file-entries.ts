import { type Document, isMap, isScalar, type Pair, type YAMLMap } from "yaml";
import { maxToldErrors } from "./bounded-yaml.ts";
import { type ConfigProblem, quoteUrl } from "./config-errors.ts";
import { fromFile } from "./file-forms.ts";
import { describe, kindOf } from "./found.ts";
import { unknownName } from "./nearest-key.ts";
import { noSections, readSections, type SectionReadings } from "./sections/read-sections.ts";
import { sectionNames } from "./sections/sections.ts";
import { type FileKey, fileGroups } from "./settings-table.ts";
import { yamlTree } from "./yaml-tree.ts";

/** What the file says of one variable: its text, or the file that holds it; and where. */
export interface FileEntry {
  readonly place: string;
  readonly text?: string;
  readonly secretFile?: string;
}

/** By the variable's name. */
export type FileEntries = ReadonlyMap<string, FileEntry>;

/** What a document says: of the settings, and of the sections that have a structure of their own. */
export interface FileContents {
  readonly entries: FileEntries;
  readonly sections: SectionReadings;
}

export const noContents: FileContents = { entries: new Map(), sections: noSections };

/**
 * Reads a document that is YAML against the table of settings and the list of sections: unknown names are
 * errors, and so are values that are written in another form.
 * @param placeAt the place of an offset, in words
 */
export function readEntries(
  document: Document.Parsed,
  placeAt: (offset: number) => string,
  errors: ConfigProblem[],
): FileContents {
  const entries = new Map<string, FileEntry>();
  const tree = yamlTree(document, placeAt, errors);
  const { root, resolved } = tree;
  if (isEmpty(root)) return noContents;
  if (!isMap(root)) {
    errors.push(problem("", root, "something else than groups", "groups of settings, such as server:"));
    return noContents;
  }
  const sectionNodes = new Map<string, unknown>();
  for (const [groupName, value] of namedPairs(root, "", [...fileGroups.keys(), ...sectionNames])) {
    const group = fileGroups.get(groupName);
    const node = resolved(value.value);
    if (isEmpty(node)) continue;
    if (group === undefined) {
      sectionNodes.set(groupName, value.value);
      continue;
    }
    if (!isMap(node)) {
      errors.push(
        problem(
          groupName,
          value.value,
          kindOf(isScalar(node) ? node.value : []),
          `settings below it: ${[...group.keys()].join(", ")}`,
        ),
      );
      continue;
    }
    for (const [key, pair] of namedPairs(node, `${groupName}.`, [...group.keys()])) {
      const about = group.get(key);
      if (about !== undefined) readSetting(about, pair);
    }
  }
  return { entries, sections: readSections(tree, sectionNodes, errors) };

  /** The pairs whose key is known; the others are told. */
  function namedPairs(map: YAMLMap, before: string, known: readonly string[]): [string, Pair][] {
    const found = new Map<string, Pair>();
    let wrong = 0;
    for (const pair of map.items) {
      const name = isScalar(pair.key) ? String(pair.key.value) : "";
      const isKnown = known.includes(name);
      if (isKnown && !found.has(name)) {
        found.set(name, pair);
        continue;
      }
      wrong += 1;
      if (wrong > maxToldErrors) break;
      if (isKnown) errors.push(problem(before + name, pair.key, ...twice));
      else errors.push({ ...unknownName(name, before, known), place: tree.placeOf(pair.key) });
    }
    return [...found];
  }

  function readSetting(about: FileKey, pair: Pair): void {
    const { path, variable, secret, inFile, form, expected } = about;
    const value = tree.plain(pair.value, path);
    if (tree.exhausted) return;
    const node = pair.value ?? pair.key;
    const secretFile = inFile ? fileOf(value) : undefined;
    if (secretFile !== undefined) {
      entries.set(variable, { place: tree.placeOf(node), secretFile });
    } else if (form.schema.safeParse(value).success) {
      entries.set(variable, { place: tree.placeOf(node), text: form.toText(value) });
    } else {
      const found = secret ? kindOf(value) : inFile ? describeUrl(value) : describe(value);
      errors.push(problem(path, node, found, expected + hint(form.called, value)));
    }
  }

  function problem(variable: string, node: unknown, found: string, expected: string): ConfigProblem {
    return { variable, place: tree.placeOf(node), found, expected };
  }
}

const twice = ["a key for the second time", "each key once in its group"] as const;

const describeUrl = (value: unknown) => (typeof value === "string" ? quoteUrl(value) : kindOf(value));

/** A group of which everything is commented out. */
const isEmpty = (node: unknown) =>
  node === null || node === undefined || (isScalar(node) && node.value === null);

/** The path in `file: <path>`. */
function fileOf(value: unknown): string | undefined {
  const path = fromFile.safeParse(value);
  return path.success ? path.data.file : undefined;
}

/** What is wrong with a value that may look right. */
function hint(called: string, value: unknown): string {
  if (called === "a text" && (typeof value === "number" || typeof value === "boolean")) return "; in quotes";
  if (called === "a whole number" && typeof value === "string") return "; a number, without quotes";
  if (called === "a list" && typeof value === "string") return "; a list, such as [a, b]";
  return "";
}
