import type { LoadedSettings } from "./config.ts";
import { isSecretAt } from "./sections/schema-tree.ts";
import { namedSections } from "./sections/sections.ts";
import { listSettings } from "./settings-table.ts";
import type { Source } from "./sources.ts";
import type { Path } from "./yaml-tree.ts";

/** The texts that a configuration is made of. */
export interface GivenValues {
  /** What must not be shown to anybody. */
  readonly secrets: readonly string[];
  readonly others: readonly string[];
}

/** All that somebody gave: settings and sections, also what another place wins over. */
export function givenValues({ sources, file }: Pick<LoadedSettings, "sources" | "file">): GivenValues {
  const secrets: string[] = [];
  const others: string[] = [];
  for (const { name, secret } of listSettings()) {
    for (const source of [sources.winning.get(name), sources.losing.get(name)]) {
      if (source !== undefined) sort(source, secret === true);
    }
  }
  for (const { name, schema } of namedSections) walk(file.sections.written.get(name), schema, []);
  return { secrets, others };

  function sort({ text, secretFile }: Source, isSecret: boolean): void {
    // `SECRET_KEY` may be several.
    if (isSecret) secrets.push(text, ...text.split(/[,\n]/).map((each) => each.trim()));
    else if (URL.canParse(text) && new URL(text).password !== "") {
      const { username, password, protocol, host, pathname } = new URL(text);
      for (const part of [username, password]) secrets.push(part, decodeURIComponent(part));
      others.push(`${protocol}//${host}${pathname}`);
    } else others.push(text);
    if (secretFile !== undefined) others.push(secretFile);
  }

  function walk(value: unknown, schema: Parameters<typeof isSecretAt>[0], path: Path): void {
    if (typeof value === "string") (isSecretAt(schema, path) ? secrets : others).push(value);
    else if (Array.isArray(value))
      for (const [at, item] of value.entries()) walk(item, schema, [...path, at]);
    else if (typeof value === "object" && value !== null) {
      for (const [key, member] of Object.entries(value)) walk(member, schema, [...path, key]);
    }
  }
}
