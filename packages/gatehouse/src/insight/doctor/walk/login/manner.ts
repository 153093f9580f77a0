import { type McpClient, type NamedScopes, resourcesBy, scopeBy } from "../client.ts";

/*
 * Whether somebody who signed in stays signed in depends on little of what a client does: on whether it names
 * scopes, how often it names its resource, how it proves itself, and how it refreshes. One sign-in tells for
 * all clients that ask in the same manner.
 */

export interface Manner {
  /** The same for clients that ask alike. */
  readonly key: string;
  /** In the words of the line above the link. */
  readonly described: string;
}

export function mannerOf(client: McpClient, scopes: NamedScopes, server: string | undefined): Manner {
  const { asks } = client;
  const namesScope = (scopeBy(asks.scope, scopes) ?? "") !== "";
  const resources = server === undefined ? 0 : resourcesBy(asks.resource, server, server).length;
  const method = methodOf(client);
  const parts = [
    namesScope ? "naming scopes" : "naming no scope",
    ["no resource", "its resource", "its resource twice"][resources] ?? "its resource",
    ...(method === "none" ? [] : ["with a secret"]),
  ];
  return { key: JSON.stringify([namesScope, resources, method]), described: parts.join(", ") };
}

/** How our own registration in its place proves itself: it has no keys. */
export function methodOf({
  authenticates,
}: McpClient): "none" | "client_secret_basic" | "client_secret_post" {
  return authenticates === "private_key_jwt" ? "none" : authenticates;
}

/** What its refreshes carry besides the token. */
export function refreshForm(
  { refresh, asks }: McpClient,
  scopes: NamedScopes,
  requested: string | undefined,
  resources: readonly string[],
): [string, string][] {
  const scope = refresh?.scope === "resource" ? scopes.resource : refresh?.scope && requested;
  return [
    ...(scope ? [["scope", scope] as [string, string]] : []),
    ...(refresh?.sendsResource ? resources.map((resource): [string, string] => ["resource", resource]) : []),
    ...(refresh?.sendsResource && asks.audience && resources[0] !== undefined
      ? [["audience", resources[0]] as [string, string]]
      : []),
  ];
}
