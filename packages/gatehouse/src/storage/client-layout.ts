import type { Client, ClientKeys, ClientMetadata, TokenEndpointAuthMethod } from "../oauth/records.ts";
import type { ClientId, SecretHash } from "../oauth/values.ts";
import { readDeclared } from "./declared-layout.ts";
import { type Columns, layout } from "./layout.ts";

/** What a client says of itself: what two that share a record must have in common. */
const readStatement = (column: Columns) => ({
  clearSecret: column.filledText("secret"),
  secretHash: column.optionalText<SecretHash>("secret_hash"),
  redirectUris: column.list("redirect_uris"),
  authMethod: column.text<TokenEndpointAuthMethod>("token_endpoint_auth_method"),
  name: column.filledText("client_name"),
  grantTypes: column.list("grant_types"),
  scope: column.optionalText("scope"),
  metadata: column.json<ClientMetadata>("metadata"),
  keys: column.optionalJson<ClientKeys>("keys"),
  dynamicallyRegistered: column.flag("dynamically_registered"),
});

type ClientStatement = ReturnType<typeof readStatement>;

export const clientStatements = layout(readStatement, (client, { flag, list }) => ({
  secret: client.clearSecret ?? null,
  secret_hash: client.secretHash ?? null,
  redirect_uris: list(client.redirectUris),
  token_endpoint_auth_method: client.authMethod,
  client_name: client.name ?? "",
  grant_types: list(client.grantTypes),
  scope: client.scope ?? null,
  metadata: JSON.stringify(client.metadata),
  keys: client.keys === undefined ? null : JSON.stringify(client.keys),
  dynamically_registered: flag(client.dynamicallyRegistered),
}));

export function statementOf(client: Client): ClientStatement {
  const { clearSecret, secretHash, redirectUris, authMethod, grantTypes, scope, keys } = client;
  const { name, ...metadata } = client.metadata;
  const { dynamicallyRegistered } = client;
  const secrets = { clearSecret, secretHash, keys };
  return { ...secrets, redirectUris, authMethod, name, grantTypes, scope, metadata, dynamicallyRegistered };
}

/** @param isSelfAsserted whether nobody but the client vouches for it, unless the operator does */
export function readClient(
  column: Columns,
  isSelfAsserted = (statement: ClientStatement): boolean => statement.dynamicallyRegistered,
): Client {
  const id = column.text<ClientId>("id");
  const statement = readStatement(column);
  const registrations = column.integer("registrations");
  const createdAt = column.instant("created_at");
  const lastUsedAt = column.optionalInstant("last_used_at");
  const vouched = column.flag("vouched");
  const previousHash = column.optionalText<SecretHash>("previous_secret_hash");
  const previousUntil = column.instant("previous_secret_until");
  const declared = readDeclared(column);
  const reference = column.optionalText("reference");
  const { name, metadata } = statement;
  return {
    id,
    authMethod: statement.authMethod,
    secretHash: statement.secretHash,
    clearSecret: statement.clearSecret,
    ...(previousHash && { previousSecret: { secretHash: previousHash, until: previousUntil } }),
    keys: statement.keys,
    redirectUris: statement.redirectUris,
    grantTypes: statement.grantTypes,
    scope: statement.scope,
    metadata: name === undefined ? metadata : { name, ...metadata },
    dynamicallyRegistered: isSelfAsserted(statement) && !vouched,
    shared: registrations > 1,
    ...(declared && { declared }),
    ...(reference && { reference }),
    createdAt,
    lastUsedAt,
  };
}
