import type { Client, ClientKeys, ClientMetadata, TokenEndpointAuthMethod } from "../../oauth/records.ts";
import type { ClientId, Seconds, SecretHash } from "../../oauth/values.ts";
import { filled, type Row, text, toPreviousSecret } from "../rows.ts";
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

/** What {@link toClient} reads. */
export const clientColumns = `id, ${said.join(", ")}, redirect_uri, registrations, created_at, last_used_at, vouched,
  previous_secret_hash, previous_secret_until`;

/**
 * Whether the operator provisioned it. LEGACY: rows of public clients that the old service wrote do not say that they registered themselves, so the
 * operator has to vouch for one that did not.
 */
export const provisioned = `not dynamically_registered
  and (vouched or token_endpoint_auth_method <> 'none' or secret > '' or secret_hash is not null)`;

export function toClient(row: Row): Client {
  const name = filled(row[5]);
  const redirectUris = row[3] as string[];
  // LEGACY: the only one of a client that was provisioned before there could be several.
  const onlyUri = filled(row[11]);
  const authMethod = row[4] as TokenEndpointAuthMethod;
  const secretHash = text(row[2]) as SecretHash | undefined;
  const clearSecret = filled(row[1]);
  // The same as `provisioned`.
  const selfAsserted =
    row[10] === true || (authMethod === "none" && clearSecret === undefined && secretHash === undefined);
  return {
    id: row[0] as ClientId,
    authMethod,
    secretHash,
    clearSecret,
    ...toPreviousSecret(row[16], row[17]),
    keys: typeof row[9] === "string" ? (JSON.parse(row[9]) as ClientKeys) : undefined,
    redirectUris: redirectUris.length === 0 && onlyUri !== undefined ? [onlyUri] : redirectUris,
    grantTypes: row[6] as string[],
    scope: text(row[7]),
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(JSON.parse(row[8] as string) as ClientMetadata),
    },
    dynamicallyRegistered: selfAsserted && row[15] === false,
    shared: (row[12] as number) > 1,
    createdAt: row[13] as Seconds,
    lastUsedAt: (row[14] as Seconds | null) ?? undefined,
  };
}
