import type { Client, ClientKeys, ClientMetadata, TokenEndpointAuthMethod } from "../../oauth/records.ts";
import type { Store } from "../../oauth/store.ts";
import type { ClientId, Seconds, SecretHash } from "../../oauth/values.ts";
import { filled, type Row, text, toPreviousSecret } from "../rows.ts";
import type { Database } from "./database.ts";
import { sharedLookup } from "./lookup.ts";

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
  | "vouchForClient"
  | "rememberSecretHash"
  | "forgetClearSecret"
  | "rotateSecret"
>;

const said = `secret, secret_hash, redirect_uris, token_endpoint_auth_method, client_name, grant_types, scope, metadata, keys,
  dynamically_registered`;
const columns = `id, ${said}, registrations, created_at, last_used_at, vouched, previous_secret_hash,
  previous_secret_until`;

export function clientOperations(database: Database): ClientOperations {
  const find = database.prepare(`select ${columns} from oauth2_clients where id = ?`);
  const list = database.prepare(`select ${columns} from oauth2_clients order by created_at desc, id`);
  const listProvisioned = database.prepare(
    `select ${columns} from oauth2_clients where dynamically_registered = 0 order by created_at desc, id`,
  );
  const add = database.prepare(
    `insert into oauth2_clients (id, ${said}, created_at, last_used_at, registered_from)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (id) do nothing`,
  );
  const replace = database.prepare(
    `update oauth2_clients set secret = ?, secret_hash = ?, redirect_uris = ?, token_endpoint_auth_method = ?, client_name = ?,
       grant_types = ?, scope = ?, metadata = ?, keys = ?, dynamically_registered = ?, vouched = 0 where id = ? and registrations <= ?`,
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
  const vouch = database.prepare(
    "update oauth2_clients set vouched = ?, registered_from = null where id = ?",
  );
  const remember = database.prepare("update oauth2_clients set secret_hash = ? where id = ? and secret = ?");
  const forget = database.prepare(
    "update oauth2_clients set secret = null, secret_hash = ? where id = ? and secret = ?",
  );
  const rotate = database.prepare(
    `update oauth2_clients set secret = ?, secret_hash = ?, previous_secret_hash = ?, previous_secret_until = ?
     where id = ? and coalesce(secret, '') = ? and secret_hash is ?`,
  );
  const insert = (client: Client, registeredFrom: string | undefined): boolean => {
    const times = [client.createdAt, client.lastUsedAt ?? null];
    return add.run(client.id, ...valuesOf(client), ...times, registeredFrom ?? null).changes === 1;
  };
  return {
    findClient: sharedLookup(database, find, toClient),
    listClients: () => database.read(() => list.all().map(toClient)),
    listProvisionedClients: () => database.read(() => listProvisioned.all().map(toClient)),
    addClient: (client, registeredFrom) => database.write(() => insert(client, registeredFrom)),
    shareClient: (client, registeredFrom) =>
      database.write(() => {
        if (insert(client, registeredFrom)) return client;
        const row = find.get(client.id) as Row;
        const there = toClient(row);
        // What it says is the same, whether or not the operator vouches for it.
        const says = { ...there, dynamicallyRegistered: row[10] === 1 };
        if (JSON.stringify(valuesOf(says)) !== JSON.stringify(valuesOf(client))) return undefined;
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
    vouchForClient: (id, vouched) => database.write(() => vouch.run(vouched ? 1 : 0, id).changes === 1),
    rememberSecretHash: (id, clearSecret, secretHash) =>
      database.write(() => void remember.run(secretHash, id, clearSecret)),
    forgetClearSecret: (id, clearSecret, secretHash) =>
      database.write(() => forget.run(secretHash, id, clearSecret).changes === 1),
    rotateSecret: ({ id, clearSecret, secretHash }, next, previous) =>
      database.write(() => {
        const secrets = [next.clearSecret ?? null, next.secretHash ?? null];
        const before = [previous?.secretHash ?? null, previous?.until ?? null];
        return rotate.run(...secrets, ...before, id, clearSecret ?? "", secretHash ?? null).changes === 1;
      }),
  };
}

/** What a client says, in the order of {@link said}. */
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
  const name = filled(row[5]);
  return {
    id: row[0] as ClientId,
    authMethod: row[4] as TokenEndpointAuthMethod,
    secretHash: text(row[2]) as SecretHash | undefined,
    clearSecret: filled(row[1]),
    ...toPreviousSecret(row[15], row[16]),
    keys: typeof row[9] === "string" ? (JSON.parse(row[9]) as ClientKeys) : undefined,
    redirectUris: JSON.parse(row[3] as string) as string[],
    grantTypes: JSON.parse(row[6] as string) as string[],
    scope: text(row[7]),
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(JSON.parse(row[8] as string) as ClientMetadata),
    },
    dynamicallyRegistered: row[10] === 1 && row[14] === 0,
    shared: (row[11] as number) > 1,
    createdAt: row[12] as Seconds,
    lastUsedAt: (row[13] as Seconds | null) ?? undefined,
  };
}
