import type { ConfigFile } from "./config-file.ts";
import { fromFile } from "./file-forms.ts";
import { isSecretAt } from "./sections/schema-tree.ts";
import { namedSections } from "./sections/sections.ts";
import { listSettings } from "./settings-table.ts";
import type { Source, Sources } from "./sources.ts";
import { describePath, type Path } from "./yaml-tree.ts";

/** A setting as a person may see it. */
export interface ShownSetting {
  /** As in gatehouse.yaml. */
  readonly setting: string;
  /** None for what stands in a section. */
  readonly variable?: string;
  /** Of a secret only `set`. */
  readonly value: string;
  /** A variable, a place in the file, or `default`. */
  readonly from: string;
}

/** Every setting, in the order of the help. */
export function shownSettings({ winning }: Sources): ShownSetting[] {
  return listSettings().flatMap(({ name, path, secret, inFile = secret, fallback, absent }) => {
    // The file of a secret is where the secret comes from.
    if (path === undefined) return [];
    const source = winning.get(name) ?? (inFile ? winning.get(`${name}_FILE`) : undefined);
    const shown = { setting: path, variable: name };
    if (source === undefined) return [{ ...shown, value: absent ?? fallback ?? "", from: "default" }];
    const value = secret ? "set" : inFile ? withoutPassword(source.text) : source.text;
    return [{ ...shown, value, from: describeSource(source) }];
  });
}

/** Every value of the sections, in the order of the docs. */
export function shownSections({ sections }: ConfigFile): ShownSetting[] {
  return namedSections.flatMap(({ name, schema }) => {
    const show = (value: unknown, path: Path): ShownSetting[] => {
      const place = sections.placeOf(name, path) ?? "";
      const shown = { setting: describePath(name, path), from: place };
      if (isSecretAt(schema, path)) {
        const file = fromFile.safeParse(value);
        return [
          { ...shown, value: "set", from: file.success ? `${place} (the file ${file.data.file})` : place },
        ];
      }
      if (Array.isArray(value) && value.some((item) => typeof item === "object")) {
        return value.flatMap((item, index) => show(item, [...path, index]));
      }
      if (Array.isArray(value)) return [{ ...shown, value: value.join(", ") }];
      if (typeof value !== "object" || value === null) return [{ ...shown, value: String(value) }];
      return Object.entries(value).flatMap(([key, member]) => show(member, [...path, key]));
    };
    return sections.written.has(name) ? show(sections.written.get(name), []) : [];
  });
}

function describeSource({ name, place, secretFile }: Source): string {
  const at = place ?? name;
  return secretFile === undefined ? at : `${at} (the file ${secretFile})`;
}

/** Of a database's URL neither user nor password nor what else stands in its query. */
function withoutPassword(text: string): string {
  if (!URL.canParse(text) || text.startsWith("sqlite:")) return text;
  const { protocol, host, pathname } = new URL(text);
  return `${protocol}//${host}${pathname}`;
}
