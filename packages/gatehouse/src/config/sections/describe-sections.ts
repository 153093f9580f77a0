import { z } from "zod";
import { alternatives, elementOf, membersOf } from "./schema-tree.ts";
import { isSecret } from "./section.ts";
import { namedSections } from "./sections.ts";

type Schema = z.core.$ZodType;

/** The part of docs/configuration.md about the sections of gatehouse.yaml, in lines. */
export function describeSections(cell: (text: string) => string): string[] {
  return namedSections.flatMap(({ name, title, meaning, schema, example }) => [
    "",
    `### ${title}: \`${name}:\``,
    meaning,
    "",
    "```yaml",
    "# yaml-language-server: $schema=./gatehouse.schema.json",
    example.trimEnd(),
    "```",
    "",
    "| in the file | | meaning | what it may be |",
    "|---|---|---|---|",
    ...rows(name, schema).map((row) => `| ${row.map(cell).join(" | ")} |`),
  ]);
}

/** Of every member below a schema: its path, whether it is needed, its meaning, its form. */
function rows(path: string, schema: Schema): string[][] {
  return alternatives(schema).flatMap((form) => {
    const element = elementOf(form);
    if (element !== undefined) {
      const isList = (form as z.core.$ZodTypes)._zod.def.type === "array";
      return rows(path + (isList ? "[]" : ".<name>"), element);
    }
    return Object.entries(membersOf(form)).flatMap(([key, member]) => {
      const at = `${path}.${key}`;
      const meaning = z.globalRegistry.get(member)?.description ?? "";
      const needed = (member as z.core.$ZodTypes)._zod.optin === "optional" ? "" : "needed";
      const deeper = isSecret(member) || fromFileOnly(member) ? [] : rows(at, member);
      return [[`\`${at}\``, needed, meaning, formOf(member)], ...deeper];
    });
  });
}

const fromFileOnly = (schema: Schema): boolean => {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  return "innerType" in def && (isSecret(def.innerType) || fromFileOnly(def.innerType));
};

/** A form in a few words. */
function formOf(schema: Schema): string {
  if (isSecret(schema) || fromFileOnly(schema)) return "a secret, or `{ file: … }`";
  return [...new Set(alternatives(schema).map(formOfOne))].join(", or ");
}

function formOfOne(schema: Schema): string {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case "string":
      return "a text";
    case "number":
      return "a number";
    case "boolean":
      return "true or false";
    case "enum":
      return Object.values(def.entries).join(", ");
    case "literal":
      return def.values.map(String).join(", ");
    case "array":
      return `a list: ${formOf(def.element)}`;
    case "record":
      return "a group, by name";
    default:
      return "a group";
  }
}
