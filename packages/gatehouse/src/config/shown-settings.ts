import { listSettings } from "./settings-table.ts";
import type { Source, Sources } from "./sources.ts";

/** A setting as a person may see it. */
export interface ShownSetting {
  /** As in gatehouse.yaml. */
  readonly setting: string;
  readonly variable: string;
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
