import { type McpClient, type NamedScopes, resourcesBy, scopeBy } from "../client.ts";
import type { Discovered } from "../discovery.ts";

/*
 * Whether somebody who signed in stays signed in depends on little of what a client does: on the scopes it
 * names, how often it names its resource, how it proves itself, and how it refreshes. One sign-in tells for
 * all clients that ask in the same manner.
 */

export interface Manner {
  /** The same for clients that ask alike. */
  readonly key: string;
  /** In the words of the line above the link. */
  readonly described: string;
}

export function mannerOf(
  client: McpClient,
  scopes: NamedScopes,
  server: string | undefined,
  found: Discovered,
): Manner {
  const { asks } = client;
  const scope = scopeBy(asks.scope, scopes) || undefined;
  const resources = server === undefined ? 0 : resourcesBy(asks.resource, server, server).length;
  const method = methodOf(client, found);
  const parts = [
    scope === undefined ? "naming no scope" : `asking for "${scope}"`,
    ["no resource", "its resource", "its resource twice"][resources] ?? "its resource",
    ...(method === "none" ? [] : ["with a secret"]),
    ...(asks.consentToOffline ? ["with prompt=consent"] : []),
  ];
  return {
    key: JSON.stringify([scope, resources, method, asks.consentToOffline]),
    described: parts.join(", "),
  };
}

/** How our registration in its place proves itself: it has no keys, and posts where Basic is not offered. */
export function methodOf(
  { authenticates }: McpClient,
  { metadata }: Discovered,
): "none" | "client_secret_basic" | "client_secret_post" {
  if (authenticates === "private_key_jwt") return "none";
  const offered = metadata?.token_endpoint_auth_methods_supported ?? [authenticates];
  return authenticates === "client_secret_basic" && !offered.includes(authenticates)
    ? "client_secret_post"
    : authenticates;
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
