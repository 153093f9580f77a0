import { z } from "zod";
import { type Variable, variables } from "./environment-variables.ts";
import { type Form, fromFile } from "./file-forms.ts";
import { namedSections } from "./sections/sections.ts";

/*
 * The table of variables, turned round: by their place in gatehouse.yaml.
 */

export interface FileKey {
  readonly variable: string;
  readonly path: string;
  readonly form: Form;
  readonly secret: boolean;
  /** Whether it may be `file: <path>`. */
  readonly inFile: boolean;
  readonly expected: string;
}

/** The groups of the file, in order, with what the help and the docs call them. */
export const groupTitles = {
  server: "Address and listener",
  sign_in: "Who may sign in, and where",
  mail: "Mail, for invitations",
  database: "Database",
  secrets: "Secrets",
  tokens: "Tokens and how long they live",
  client_documents: "Clients known by a metadata document",
  client_registration: "Clients that register themselves",
  rate_limits: "Rate limits",
  brand: "Brand",
  log: "Log",
  insight: "What is remembered of what happened",
  development: "Development",
} as const;

export interface SettingAbout extends Variable<unknown> {
  readonly name: string;
  readonly group: keyof typeof groupTitles;
}

const isGroup = (name: string): name is keyof typeof groupTitles => Object.hasOwn(groupTitles, name);

/**
 * Every variable with its group, in the order of the groups. A `_FILE` stands with the one it is the file of.
 */
export function listSettings(): SettingAbout[] {
  const all = Object.entries<Variable<unknown>>(variables).map(([name, about]) => {
    const path = about.path ?? pathOfVariable(name.replace(/_FILE$/, "")) ?? "";
    const group = path.split(".")[0] ?? "";
    if (!isGroup(group)) throw new Error(`${name} has no group`);
    return { ...about, name, group };
  });
  const order = Object.keys(groupTitles);
  return all.sort((a, b) => order.indexOf(a.group) - order.indexOf(b.group));
}

/** By group and key. */
export const fileGroups: ReadonlyMap<string, ReadonlyMap<string, FileKey>> = fileKeys();

export const settingPaths: readonly string[] = [...fileGroups.values()].flatMap((group) =>
  [...group.values()].map(({ path }) => path),
);

/** Where in the file stands what a variable says. */
export function pathOfVariable(name: string): string | undefined {
  return Object.entries<Variable<unknown>>(variables).find(([variable]) => variable === name)?.[1].path;
}

function fileKeys(): Map<string, Map<string, FileKey>> {
  const groups = new Map<string, Map<string, FileKey>>(
    Object.keys(groupTitles).map((group) => [group, new Map()]),
  );
  for (const [variable, { path, form, secret = false, inFile = secret, expected }] of Object.entries<
    Variable<unknown>
  >(variables)) {
    if (path === undefined || form === undefined) continue;
    const [group = "", key = ""] = path.split(".");
    groups.get(group)?.set(key, { variable, path, form, secret, inFile, expected: expectedInFile(expected) });
  }
  return groups;
}

/** In the file a list is a list. */
export function expectedInFile(expected: string): string {
  return expected.replace(/^a comma-separated list/, "a list");
}

/** The JSON Schema of the file, for editors. */
export function fileSchema(): object {
  const groups = [...fileGroups].map(([group, keys]) => {
    const members = [...keys].map(([key, { form, inFile, variable }]) => {
      const schema = inFile ? z.union([form.schema, fromFile]) : form.schema;
      return [key, schema.optional().describe(describeForEditors(variable))];
    });
    const schema = z.strictObject(Object.fromEntries(members)).nullable().optional();
    return [group, schema.describe(`${groupTitles[group as keyof typeof groupTitles]}.`)];
  });
  const structured = namedSections.map(({ name, schema, meaning }) => [
    name,
    schema.nullable().optional().describe(meaning),
  ]);
  const schema = z.strictObject(Object.fromEntries([...groups, ...structured])).meta({
    title: "gatehouse.yaml",
    description: "The configuration of Gatehouse. Environment variables win over it.",
  });
  return z.toJSONSchema(schema, { target: "draft-7", io: "input" });
}

function describeForEditors(name: string): string {
  const about = listSettings().find((setting) => setting.name === name);
  if (about === undefined) return name;
  return `${about.meaning} Default: ${about.absent ?? about.fallback}. Variable: ${name}.`;
}

/** What the help and docs/configuration.md say of every variable. */
export function describeVariables(): {
  name: string;
  group: string;
  absent: string;
  meaning: string;
  path: string | undefined;
}[] {
  return listSettings().map(({ name, group, secret, inFile = secret, path, fallback, absent, meaning }) => ({
    name,
    group: groupTitles[group],
    absent: absent ?? fallback ?? "",
    // The file of the keys is a setting with words of its own.
    meaning: inFile && name !== "SECRET_KEY" ? `${meaning} Or ${name}_FILE: a file that holds it.` : meaning,
    path,
  }));
}
