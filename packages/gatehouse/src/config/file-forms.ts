import { z } from "zod";

/*
 * How a setting is written in gatehouse.yaml: a zod schema, which the JSON Schema is made of, and the text
 * that the setting's own parser reads then. Words such as on, no or 0x10 mean what stands there, never what
 * YAML 1.1 would guess.
 */

export interface Form {
  readonly schema: z.ZodType;
  /** What this form is called when something else is found. */
  readonly called: string;
  /** From what the schema accepts to the text that stands in the variable. */
  toText(value: unknown): string;
}

const form = (schema: z.ZodType, called: string, toText: Form["toText"] = String): Form => ({
  schema,
  called,
  toText,
});

const words = (pattern = /\S/) => z.string().regex(pattern);

export const text = (pattern?: RegExp) => form(words(pattern), "a text");

export const url = text(/^https?:\/\/[^\s?#@\\]+$/i);

export const domainForm = /^[^\s,:@*/]+\.[^\s,:@*/]+$/;

/** Written as a list, a line each, or in square brackets. */
export const list = (pattern = /^[^\s,]+$/) =>
  form(z.array(words(pattern)).min(1), "a list", (value) => (value as string[]).join(","));

export const whole = (min: number, max: number) => form(z.int().min(min).max(max), "a whole number");

export const autoOr = (min: number, max: number) =>
  form(z.union([z.literal("auto"), z.int().min(min).max(max)]), "auto or a whole number");

export const time = form(
  z.union([z.int().min(0).max(999_999_999), words(/^\d{1,9}[smhd]?$/)]),
  "a length of time",
);

/** So often in such a time. */
export const budget = form(
  z.union([words(/^\d{1,6}\/\d{1,4}[smh]$/), z.literal("off"), z.literal(false)]),
  "a number in a time",
  (value) => (value === false ? "off" : String(value)),
);

export const size = form(words(/^\d{1,6} ?(?:kB|MB|GB)$/i), "a size");

/** `true` and `false` are YAML's own words for it. */
export const onOff = form(z.union([z.literal(["on", "off"]), z.boolean()]), "on or off", (value) =>
  typeof value === "boolean" ? (value ? "on" : "off") : String(value),
);

export const choice = (...values: readonly [string, ...string[]]) => form(z.literal([...values]), "a word");

/** In the place of a secret: the file that holds it. */
export const fromFile = z
  .strictObject({ file: z.string().regex(/\S/, "the path of a file") })
  .describe("The path of a file that holds it.");
