import { type Document, isAlias, isMap, isScalar, isSeq, type Node } from "yaml";
import type { ConfigProblem } from "./config-errors.ts";

/** So few that nothing grows out of hand, and enough for a list that is used twice. */
const maxAliases = 100;
const maxValues = 100_000;
const maxDepth = 32;

/** Where a value stands in a section: names of members, and numbers in lists. */
export type Path = readonly (string | number)[];

/** A document that is YAML, and what was read of it; every error it finds it tells. */
export interface YamlTree {
  readonly root: unknown;
  /** Whether a bound was passed, which has been told: what was read since means nothing. */
  readonly exhausted: boolean;
  /** `gatehouse.yaml:3:9`: where a node stands. */
  placeOf(node: unknown): string;
  /** What an alias stands for. One too many is an error, and stands for nothing. */
  resolved(node: unknown): unknown;
  /**
   * A node as plain values: lists, objects without prototype, scalars.
   * @param name of the node, as errors call what is in it
   */
  plain(node: unknown, name: string): unknown;
  /** Where a value below a node stands; of what is not there, where what should hold it does. */
  placeAt(node: unknown, path: Path): string;
  /** Where the name of a member stands. */
  placeOfKey(node: unknown, path: Path, key: string): string;
}

export function yamlTree(
  document: Document.Parsed,
  placeAtOffset: (offset: number) => string,
  errors: ConfigProblem[],
): YamlTree {
  let aliases = 0;
  let values = 0;
  const placeOf = (node: unknown) => placeAtOffset((node as Node | null)?.range?.[0] ?? 0);
  const tell = (variable: string, node: unknown, found: string, expected: string) =>
    errors.push({ variable, place: placeOf(node), found, expected });

  function resolved(node: unknown): unknown {
    if (!isAlias(node)) return node;
    aliases += 1;
    if (aliases <= maxAliases) return node.resolve(document);
    if (aliases === maxAliases + 1) tell("", node, "very many aliases", `at most ${maxAliases} of them`);
    return undefined;
  }

  function plain(node: unknown, name: string, depth = 0): unknown {
    values += 1;
    if (values === maxValues + 1) tell(name, node, "very many values", `at most ${maxValues} of them`);
    if (values > maxValues) return undefined;
    if (depth === maxDepth) {
      tell(name, node, "very many values one within the other", `at most ${maxDepth} of them`);
      return undefined;
    }
    const inner = resolved(node);
    if (isScalar(inner)) return inner.value;
    if (isSeq(inner)) return inner.items.map((item, index) => plain(item, `${name}[${index}]`, depth + 1));
    if (!isMap(inner)) return inner ?? null;
    const members: Record<string, unknown> = Object.create(null);
    for (const pair of inner.items) {
      const key = keyOf(pair.key);
      if (key === undefined || unsafeKeys.has(key)) {
        tell(name, pair.key ?? inner, "a name that cannot be one", "a name of letters");
      } else if (key in members) {
        tell(`${name}.${key}`, pair.key, "a key for the second time", "each key once in its group");
      } else {
        members[key] = plain(pair.value, `${name}.${key}`, depth + 1);
      }
    }
    return members;
  }

  /** Follows an alias that has been counted before. */
  const follow = (node: unknown) => (isAlias(node) ? node.resolve(document) : node);
  const pairOf = (node: unknown, key: string | number) => {
    const inner = follow(node);
    return isMap(inner) ? inner.items.find((pair) => keyOf(pair.key) === String(key)) : undefined;
  };
  function childOf(node: unknown, key: string | number): unknown {
    const inner = follow(node);
    if (isSeq(inner)) return inner.items[Number(key)];
    const pair = pairOf(node, key);
    return pair?.value ?? pair?.key;
  }
  /** The deepest node on the way that is there. */
  function nodeAt(node: unknown, path: Path): unknown {
    let found = node;
    for (const key of path) {
      const next = childOf(found, key);
      if (next === undefined || next === null) break;
      found = next;
    }
    return found;
  }

  return {
    root: resolved(document.contents),
    get exhausted() {
      return aliases > maxAliases || values > maxValues;
    },
    placeOf,
    resolved,
    plain: (node, name) => plain(node, name),
    placeAt: (node, path) => placeOf(nodeAt(node, path)),
    placeOfKey: (node, path, key) => {
      const holder = nodeAt(node, path);
      return placeOf(pairOf(holder, key)?.key ?? holder);
    },
  };
}

/** What means something to JavaScript, and nothing here. */
const unsafeKeys = new Set(["__proto__", "constructor", "prototype"]);

function keyOf(key: unknown): string | undefined {
  if (!isScalar(key) || key.value === null || key.value === undefined) return undefined;
  return String(key.value);
}

/** A path as people read it: `resources[0].scopes.notes`. */
export function describePath(section: string, path: Path): string {
  return path.reduce<string>(
    (before, key) => (typeof key === "number" ? `${before}[${key}]` : `${before}.${key}`),
    section,
  );
}
