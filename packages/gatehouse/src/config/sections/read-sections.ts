import type { z } from "zod";
import { maxToldErrors } from "../bounded-yaml.ts";
import { type ConfigProblem, quote } from "../config-errors.ts";
import { describe, kindOf } from "../found.ts";
import { unknownName } from "../nearest-key.ts";
import { describePath, type Path, type YamlTree } from "../yaml-tree.ts";
import { knownNames, mayHoldSecret } from "./schema-tree.ts";
import type { CheckContext, Section } from "./section.ts";
import { namedSections, type SectionValues, sections } from "./sections.ts";

/** What a file says in its sections. */
export interface SectionReadings {
  readonly values: SectionValues;
  /** Where the value at a path of a section stands. */
  placeOf(section: string, path: Path): string | undefined;
  /** As it was written, without what an alias stands for; for `config show`. */
  readonly written: ReadonlyMap<string, unknown>;
}

export const noSections: SectionReadings = { values: {}, placeOf: () => undefined, written: new Map() };

/**
 * Holds each section against its schema.
 * @param nodes by the section's name
 */
export function readSections(
  tree: YamlTree,
  nodes: ReadonlyMap<string, unknown>,
  errors: ConfigProblem[],
): SectionReadings {
  const values: Record<string, unknown> = {};
  const written = new Map<string, unknown>();
  for (const { name, schema } of namedSections) {
    const node = nodes.get(name);
    if (node === undefined) continue;
    const told = errors.length;
    const plain = tree.plain(node, name);
    // What has been told of the text is not told again of what it means.
    if (tree.exhausted || errors.length > told) continue;
    const result = schema.safeParse(plain, { error: expectedByKind });
    written.set(name, plain);
    if (result.success) values[name] = result.data;
    else errors.push(...notTwice(problemsOf(name, schema, plain, result.error.issues, tree, node)));
  }
  return {
    values,
    written,
    placeOf: (section, path) => (nodes.has(section) ? tree.placeAt(nodes.get(section), path) : undefined),
  };
}

/** Adds a section that stands in no file, in the place of the file's. */
export function withSection(
  readings: SectionReadings,
  name: keyof SectionValues,
  plain: unknown,
  errors: ConfigProblem[],
): SectionReadings {
  const nowhere = { placeAt: () => undefined, placeOfKey: () => undefined };
  const { schema } = sections[name] as Section<unknown>;
  const result = schema.safeParse(plain, { error: expectedByKind });
  if (!result.success)
    errors.push(...problemsOf(name, schema, plain, result.error.issues, nowhere, undefined));
  return {
    values: { ...readings.values, [name]: result.data },
    written: readings.written,
    placeOf: (section, path) => (section === name ? undefined : readings.placeOf(section, path)),
  };
}

/** What shows when several values, sections and settings are looked at together. */
export function checkSections(
  { values, placeOf }: SectionReadings,
  context: Pick<CheckContext, "mode" | "settings">,
  errors: ConfigProblem[],
): void {
  for (const { name, check } of namedSections) {
    const value = (values as Record<string, unknown>)[name];
    if (value === undefined || check === undefined) continue;
    check(value, {
      ...context,
      sections: values,
      isUnreadable: (section) => placeOf(section, []) !== undefined && values[section] === undefined,
      placeOf: (path) => placeOf(name, path) ?? name,
      problem: (path, found, expected) =>
        errors.push({ variable: describePath(name, path), place: placeOf(name, path), found, expected }),
    });
  }
}

type Issue = z.core.$ZodIssue;

/** Where values stand; `undefined`: in no file. */
interface Places {
  placeAt(node: unknown, path: Path): string | undefined;
  placeOfKey(node: unknown, path: Path, key: string): string | undefined;
}

function problemsOf(
  section: string,
  schema: z.ZodType,
  plain: unknown,
  issues: readonly Issue[],
  tree: Places,
  node: unknown,
): ConfigProblem[] {
  return issues.slice(0, maxToldErrors).flatMap((issue): ConfigProblem[] => {
    const path = issue.path as Path;
    const variable = describePath(section, path);
    switch (issue.code) {
      case "unrecognized_keys": {
        const known = knownNames(schema, path);
        return issue.keys.slice(0, maxToldErrors).map((key) => ({
          ...unknownName(key, `${variable}.`, known),
          place: tree.placeOfKey(node, path, key),
        }));
      }
      case "invalid_key": {
        const key = String(path.at(-1));
        const place = tree.placeOfKey(node, path.slice(0, -1), key);
        return [{ variable, place, found: quote(key), expected: issue.issues[0]?.message ?? issue.message }];
      }
      case "invalid_union": {
        const deeper = deepest(issue.errors);
        if (deeper !== undefined) {
          const within = deeper.map((inner) => ({ ...inner, path: [...path, ...inner.path] }));
          return problemsOf(section, schema, plain, within, tree, node);
        }
      }
    }
    const value = path.reduce<unknown>((holder, key) => (holder as Record<string, unknown>)?.[key], plain);
    const shown = mayHoldSecret(schema, path) ? kindOf(value) : describe(value);
    const told = issue.code === "custom" ? issue.params?.found : undefined;
    return [
      {
        variable,
        place: tree.placeAt(node, path),
        found: typeof told === "string" ? told : shown,
        expected: issue.message + hint(issue, value),
      },
    ];
  });
}

/** What is there under a name that is nearly right is not told as missing, too. */
function notTwice(problems: readonly ConfigProblem[]): ConfigProblem[] {
  const meant = new Set(problems.map(({ expected }) => expected));
  return problems.filter(
    ({ found, variable }) => found !== "nothing" || !meant.has(`${variable}: did you mean that?`),
  );
}

/** Of several forms the one that what is there comes nearest to; none when it is like none of them. */
function deepest(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  return branches.find((issues) => issues.length > 0 && issues.every(isOfAMember));
}

const isOfAMember = ({ path, code }: Issue) => path.length > 0 || code === "unrecognized_keys";

function hint({ code, ...issue }: Issue, value: unknown): string {
  if (code !== "invalid_type" || !("expected" in issue)) return "";
  const { expected } = issue;
  if (expected === "string" && (typeof value === "number" || typeof value === "boolean"))
    return "; in quotes";
  if (expected === "int" || expected === "number") {
    return typeof value === "string" ? "; a number, without quotes" : "";
  }
  return expected === "array" && typeof value === "string" ? "; such as [a, b]" : "";
}

/** What is expected where a schema says nothing of it itself. */
const expectedByKind: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case "invalid_type":
      return kinds[issue.expected] ?? `a ${issue.expected}`;
    case "invalid_value":
      return oneOf(issue.values);
    case "invalid_union":
      if ("options" in issue && Array.isArray(issue.options)) return oneOf(issue.options);
      return [...new Set(issue.errors.flat().map(({ message }) => message))].join(", or ");
    case "too_small":
      if (issue.origin === "array") return `at least ${issue.minimum} in the list`;
      return issue.origin === "string"
        ? `a text of at least ${issue.minimum} characters`
        : `at least ${issue.minimum}`;
    case "too_big":
      if (issue.origin === "array") return `at most ${issue.maximum} in the list`;
      return issue.origin === "string"
        ? `a text of at most ${issue.maximum} characters`
        : `at most ${issue.maximum}`;
    default:
      return undefined;
  }
};

const kinds: Readonly<Record<string, string>> = {
  string: "a text",
  array: "a list",
  object: "a group",
  record: "a group",
  boolean: "true or false",
  int: "a whole number",
  number: "a number",
};

const oneOf = (values: readonly unknown[]) =>
  values.length === 1 ? String(values[0]) : `one of ${values.map(String).join(", ")}`;
