import { z } from "zod";
import { readSecretFile } from "../bounded-file.ts";
import { quote } from "../config-errors.ts";
import type { Values } from "../environment-variables.ts";
import { fromFile } from "../file-forms.ts";
import type { Mode } from "../start-conditions.ts";
import type { Path } from "../yaml-tree.ts";
import type { SectionValues } from "./sections.ts";

/*
 * A section is a part of gatehouse.yaml that has a structure of its own, such as a list of resources. Its
 * schema says everything of it: what is accepted, the JSON Schema, the docs. `../README.md` says how to add
 * one.
 */
export interface Section<T> {
  /** As the docs call it. */
  readonly title: string;
  /** What it is for, in a sentence or a few: for the docs and for editors. */
  readonly meaning: string;
  /**
   * Objects are strict and each member is described. A message of a check (`.regex(…, "an https URL")`) is
   * what is expected, without a capital or a full stop.
   */
  readonly schema: z.ZodType<T>;
  /** Whole, for the docs: the section alone, in YAML. */
  readonly example: string;
  /** What only shows when several values are looked at together. */
  check?(value: T, context: CheckContext): void;
}

export interface CheckContext {
  readonly mode: Mode;
  /** The flat settings that could be read, by variable. */
  readonly settings: Partial<Values>;
  /** The other sections that could be read. */
  readonly sections: SectionValues;
  /** Whether the file has a section of this name that is not among them, for what is wrong with it. */
  isUnreadable(section: keyof SectionValues): boolean;
  /** Tells what is wrong with the value at a path of this section; never with a secret in it. */
  problem(path: Path, found: string, expected: string): void;
  /** `gatehouse.yaml:3:9`, to point at another value. */
  placeOf(path: Path): string;
}

const secrets = z.registry<{ readonly secret: true }>();

/** Whether a value of this schema must never be shown. */
export const isSecret = (schema: z.core.$ZodType) => secrets.has(schema) || secrets.get(schema) !== undefined;

/**
 * A secret: a text of this form, or `{ file: <path> }` with the file that holds one. What comes out is the
 * text.
 * @param expected in words, such as "a key of 32 characters or more"
 */
export function secret(pattern: RegExp, expected: string) {
  const form = z.string(expected).regex(pattern, expected);
  const schema = z.union([form, fromFile], `${expected}, or file: and a path`).transform((value, context) => {
    if (typeof value === "string") return value;
    const content = readSecretFile(value.file);
    if ("text" in content && form.safeParse(content.text).success) return content.text;
    const [problem, wanted] =
      "text" in content
        ? [`which holds ${content.text.length} characters of another form`, `a file that holds ${expected}`]
        : [
            content.problem,
            "the path of a file of at most 64 kB that holds the secret and that not everybody may write",
          ];
    context.issues.push({
      code: "custom",
      input: value,
      message: wanted,
      params: { found: `${quote(value.file)}, ${problem}` },
    });
    return z.NEVER;
  });
  secrets.add(schema, { secret: true });
  return schema;
}
