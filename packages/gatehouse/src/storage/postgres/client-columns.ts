import type { Client, ClientKeys, ClientMetadata, TokenEndpointAuthMethod } from "../../oauth/records.ts";
import type { ClientId, Seconds, SecretHash } from "../../oauth/values.ts";
import { filled, type Row, text } from "../rows.ts";
import type { Value } from "./database.ts";

/** What a client says, in the order of {@link valuesOf}. */
export const said = [
  "secret",
  "secret_hash",
  "redirect_uris",
  "token_endpoint_auth_method",
  "client_name",
  "grant_types",
  "scope",
  "metadata",
  "keys",
  "dynamically_registered",
];

/** The same with their types, for a statement that is handed several clients. */
export const askedClient = `secret text, secret_hash text, redirect_uris text[], token_endpoint_auth_method text, client_name text,
  grant_types text[], scope text, metadata text, keys text, dynamically_registered bool`;

export function valuesOf(client: Client): Value[] {
  const { name = "", ...metadata } = client.metadata;
  return [
    client.clearSecret ?? null,
    client.secretHash ?? null,
    client.redirectUris,
    client.authMethod,
    name,
    client.grantTypes,
    client.scope ?? null,
    JSON.stringify(metadata),
    client.keys === undefined ? null : JSON.stringify(client.keys),
    client.dynamicallyRegistered,
  ];
}

export function toClient(row: Row | undefined): Client | undefined {
  if (row === undefined) return undefined;
  const name = filled(row.client_name);
  const redirectUris = row.redirect_uris as string[];
  // LEGACY: the only one of a client that was provisioned before there could be several.
  const onlyUri = filled(row.redirect_uri);
  return {
    id: row.id as ClientId,
    authMethod: row.token_endpoint_auth_method as TokenEndpointAuthMethod,
    secretHash: text(row.secret_hash) as SecretHash | undefined,
    clearSecret: filled(row.secret),
    keys: typeof row.keys === "string" ? (JSON.parse(row.keys) as ClientKeys) : undefined,
    redirectUris: redirectUris.length === 0 && onlyUri !== undefined ? [onlyUri] : redirectUris,
    grantTypes: row.grant_types as string[],
    scope: text(row.scope),
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(JSON.parse(row.metadata as string) as ClientMetadata),
    },
    dynamicallyRegistered: row.dynamically_registered as boolean,
    shared: (row.registrations as number) > 1,
    createdAt: row.created_at as Seconds,
    lastUsedAt: (row.last_used_at as Seconds | null) ?? undefined,
  };
}
