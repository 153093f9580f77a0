import type { Resource, ResourceScope } from "./records.ts";

/** What of a resource's scopes shall be different; what is left out stays. */
export interface ScopeChanges {
  /** All of them anew; a mark stays with its scope. */
  readonly scopes?: readonly Pick<ResourceScope, "name" | "sentence">[] | undefined;
  /** The names of those that are default, or optional, from now on. */
  readonly defaults?: readonly string[] | undefined;
  readonly optionals?: readonly string[] | undefined;
}

export type ChangedScopes =
  | { readonly outcome: "changed"; readonly scopes: Resource["scopes"] }
  | { readonly outcome: "no_such_scope" | "default_and_optional"; readonly scope: string };

/** The scopes of a resource after a change. */
export function changedScopes(before: Resource["scopes"], changes: ScopeChanges): ChangedScopes {
  const scopes = changes.scopes ?? before;
  const names = scopes.map(({ name }) => name);
  const marked = (mark: "isDefault" | "isOptional") =>
    before.filter((scope) => scope[mark]).map(({ name }) => name);
  const defaults = changes.defaults ?? marked("isDefault");
  const optionals = changes.optionals ?? marked("isOptional");
  const named = [...(changes.defaults ?? []), ...(changes.optionals ?? [])];
  const unknown = named.find((name) => !names.includes(name));
  if (unknown !== undefined) return { outcome: "no_such_scope", scope: unknown };
  const both = names.find((name) => defaults.includes(name) && optionals.includes(name));
  if (both !== undefined) return { outcome: "default_and_optional", scope: both };
  return {
    outcome: "changed",
    scopes: scopes.map(({ name, sentence }) => ({
      name,
      sentence,
      ...(defaults.includes(name) && { isDefault: true as const }),
      ...(optionals.includes(name) && { isOptional: true as const }),
    })),
  };
}
