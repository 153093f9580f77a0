import type { ResourceScope } from "../../oauth/records.ts";
import type { Path } from "../yaml-tree.ts";
import type { DeclaredScope } from "./resources.ts";
import type { ConfiguredServer } from "./server-schema.ts";

/** Every scope that a server's settings name, with where: in the order of the settings. */
export function namedScopes(server: ConfiguredServer): { readonly path: Path; readonly scope: string }[] {
  const { base_scope: base = [] } = server;
  const ofBase =
    typeof base === "string"
      ? [{ path: ["base_scope"], scope: base }]
      : base.map((scope, at) => ({ path: ["base_scope", at], scope }));
  const ofRules = (["tools", "resources", "prompts"] as const).flatMap((kind) =>
    Object.entries(server[kind] ?? {}).map(([pattern, scope]) => ({ path: [kind, pattern], scope })),
  );
  return [...ofBase, ...ofRules];
}

/** Its scopes: those it lists, else those it names. */
export function scopesOfServer(server: ConfiguredServer): readonly ResourceScope[] {
  if (server.scopes !== undefined) return scopesOf(server.scopes);
  const names = new Set(namedScopes(server).map(({ scope }) => scope));
  return [...names].map((name) => ({ name, sentence: undefined }));
}

/** Scopes as the file writes them, as records. */
export function scopesOf(scopes: readonly DeclaredScope[]): readonly ResourceScope[] {
  return scopes.map(({ name, sentence, default: isDefault, optional: isOptional }) => ({
    name,
    sentence,
    ...(isDefault && { isDefault: true as const }),
    ...(isOptional && { isOptional: true as const }),
  }));
}
