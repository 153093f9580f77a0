import type { Store } from "../../oauth/ports.ts";
import type { Client, ClientKeys, ClientMetadata, TokenEndpointAuthMethod } from "../../oauth/records.ts";
import type { ClientId, Seconds, SecretHash } from "../../oauth/values.ts";
import { filled, type Row, text } from "../rows.ts";
import type { Database } from "./database.ts";

type ClientOperations = Pick<
  Store,
  | "findClient"
  | "listClients"
  | "listProvisionedClients"
  | "addClient"
  | "shareClient"
  | "replaceClient"
  | "useAssertion"
  | "removeClient"
  | "rememberSecretHash"
  | "forgetClearSecrets"
>;

export function clientOperations(database: Database): ClientOperations {
  const find = database.prepare("select * from oauth2_clients where id = ?");
  const list = database.prepare("select * from oauth2_clients order by created_at desc, id");
  const listProvisioned = database.prepare(
    "select * from oauth2_clients where dynamically_registered = 0 order by created_at desc, id",
  );
  const add = database.prepare(
    `insert into oauth2_clients (id, secret, secret_hash, redirect_uris, token_endpoint_auth_method, client_name, grant_types,
       scope, metadata, keys, dynamically_registered, created_at, last_used_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (id) do nothing`,
  );
  const replace = database.prepare(
    `update oauth2_clients set secret = ?, secret_hash = ?, redirect_uris = ?, token_endpoint_auth_method = ?, client_name = ?,
       grant_types = ?, scope = ?, metadata = ?, keys = ?, dynamically_registered = ? where id = ? and registrations <= ?`,
  );
  const share = database.prepare(
    "update oauth2_clients set last_used_at = ?, registrations = registrations + 1 where id = ?",
  );
  const useUp = database.prepare(
    "insert into gatehouse_client_assertions (id, expires_at) values (?, ?) on conflict (id) do nothing",
  );
  const isShared = database.prepare("select 1 from oauth2_clients where id = ? and registrations > 1");
  const removeTokens = database.prepare(
    "delete from user_tokens where grant_id in (select id from gatehouse_grants where client_id = ?)",
  );
  // Codes, transactions, consents and grants go with it by their foreign keys.
  const remove = database.prepare("delete from oauth2_clients where id = ?");
  const remember = database.prepare(
    "update oauth2_clients set secret_hash = ? where id = ? and secret_hash is null",
  );
  const forget = database.prepare(
    "update oauth2_clients set secret = null where secret > '' and secret_hash is not null",
  );
  const insert = (client: Client): boolean =>
    add.run(client.id, ...valuesOf(client), client.createdAt, client.lastUsedAt ?? null).changes === 1;
  return {
    findClient: (id) =>
      database.read(() => {
        const row = find.get(id);
        return row && toClient(row);
      }),
    listClients: () => database.read(() => list.all().map(toClient)),
    listProvisionedClients: () => database.read(() => listProvisioned.all().map(toClient)),
    addClient: (client) => database.write(() => insert(client)),
    shareClient: (client) =>
      database.write(() => {
        if (insert(client)) return client;
        const there = toClient(find.get(client.id) as Row);
        if (JSON.stringify(valuesOf(there)) !== JSON.stringify(valuesOf(client))) return undefined;
        share.run(client.createdAt, client.id);
        return { ...there, shared: true, lastUsedAt: client.createdAt };
      }),
    replaceClient: (client, unlessShared) =>
      database.write(
        () =>
          replace.run(...valuesOf(client), client.id, unlessShared ? 1 : Number.MAX_SAFE_INTEGER).changes ===
          1,
      ),
    useAssertion: (assertionHash, expiresAt) =>
      database.write(() => useUp.run(assertionHash, expiresAt).changes === 1),
    removeClient: (id, unlessShared) =>
      database.write(() => {
        if (unlessShared && isShared.get(id) !== undefined) return false;
        removeTokens.run(id);
        return remove.run(id).changes === 1;
      }),
    forgetClearSecrets: () => database.write(() => Number(forget.run().changes)),
    rememberSecretHash: (id, secretHash) => database.write(() => void remember.run(secretHash, id)),
  };
}

/** All columns that a client says, in the order of the statements above. */
function valuesOf(client: Client): (string | number | null)[] {
  const { name = "", ...metadata } = client.metadata;
  return [
    client.clearSecret ?? null,
    client.secretHash ?? null,
    JSON.stringify(client.redirectUris),
    client.authMethod,
    name,
    JSON.stringify(client.grantTypes),
    client.scope ?? null,
    JSON.stringify(metadata),
    client.keys === undefined ? null : JSON.stringify(client.keys),
    client.dynamicallyRegistered ? 1 : 0,
  ];
}

function toClient(row: Row): Client {
  const name = filled(row.client_name);
  return {
    id: row.id as ClientId,
    authMethod: row.token_endpoint_auth_method as TokenEndpointAuthMethod,
    secretHash: text(row.secret_hash) as SecretHash | undefined,
    clearSecret: filled(row.secret),
    keys: typeof row.keys === "string" ? (JSON.parse(row.keys) as ClientKeys) : undefined,
    redirectUris: JSON.parse(row.redirect_uris as string) as string[],
    grantTypes: JSON.parse(row.grant_types as string) as string[],
    scope: text(row.scope),
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(JSON.parse(row.metadata as string) as ClientMetadata),
    },
    dynamicallyRegistered: row.dynamically_registered === 1,
    shared: (row.registrations as number) > 1,
    createdAt: row.created_at as Seconds,
    lastUsedAt: (row.last_used_at as Seconds | null) ?? undefined,
  };
}
