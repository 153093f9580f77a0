import type { Client } from "../../oauth/records.ts";
import type { Store } from "../../oauth/store.ts";
import { clientStatements, readClient, statementOf } from "../client-layout.ts";
import { stepByStep } from "../ending.ts";
import { found, layout } from "../layout.ts";
import type { Database } from "./database.ts";
import { placeholders, valuesOf } from "./dialect.ts";
import { clientEnding } from "./ending.ts";
import { sharedLookup } from "./lookup.ts";

type ClientOperations = Pick<
  Store,
  | "findClient"
  | "listClients"
  | "listProvisionedClients"
  | "addClient"
  | "shareClient"
  | "replaceClient"
  | "changeClient"
  | "useAssertion"
  | "removeClient"
  | "vouchForClient"
  | "rememberSecretHash"
  | "forgetClearSecret"
  | "rotateSecret"
>;

export const clients = layout((column) => readClient(column));
const { columns: says, names: statementNames } = clientStatements;

export function clientOperations(database: Database): ClientOperations {
  const find = database.prepare(`select ${clients.columns} from oauth2_clients where id = ?`);
  const findStatement = database.prepare(`select ${says} from oauth2_clients where id = ?`);
  const list = database.prepare(`select ${clients.columns} from oauth2_clients order by created_at desc, id`);
  const listProvisioned = database.prepare(
    `select ${clients.columns} from oauth2_clients where dynamically_registered = 0 order by created_at desc, id`,
  );
  const add = database.prepare(
    `insert into oauth2_clients (id, ${says}, created_at, last_used_at, registered_from, reference)
     values (?, ${placeholders(statementNames.length)}, ?, ?, ?, ?) on conflict (id) do nothing`,
  );
  const replace = database.prepare(
    `update oauth2_clients set ${statementNames.map((name) => `${name} = ?`).join(", ")}, vouched = 0,
       reference = coalesce(?, reference)
     where id = ? and registrations <= ?`,
  );
  const change = database.prepare(
    `update oauth2_clients set client_name = coalesce(?, client_name), redirect_uris = coalesce(?, redirect_uris)
     where id = ? and declared_as is null`,
  );
  const share = database.prepare(
    "update oauth2_clients set last_used_at = ?, registrations = registrations + 1 where id = ?",
  );
  const useUp = database.prepare(
    "insert into gatehouse_client_assertions (id, expires_at) values (?, ?) on conflict (id) do nothing",
  );
  const isShared = database.prepare("select 1 from oauth2_clients where id = ? and registrations > 1");
  const isUsed = database.prepare("select 1 from oauth2_clients where id = ? and last_used_at is not null");
  const isDeclared = database.prepare(
    "select 1 from oauth2_clients where id = ? and declared_as is not null",
  );
  const end = clientEnding(database);
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
     where id = ? and coalesce(secret, '') = ? and secret_hash is ? and declared_as is null`,
  );
  const insert = (client: Client, registeredFrom: string | undefined): boolean => {
    const times = [client.createdAt, client.lastUsedAt ?? null];
    return (
      add.run(
        client.id,
        ...statementValues(client),
        ...times,
        registeredFrom ?? null,
        client.reference ?? null,
      ).changes === 1
    );
  };
  return {
    findClient: sharedLookup(database, find, clients),
    listClients: () => database.read(() => list.all().map(clients.read)),
    listProvisionedClients: () => database.read(() => listProvisioned.all().map(clients.read)),
    addClient: (client, registeredFrom) => database.write(() => insert(client, registeredFrom)),
    shareClient: (client, registeredFrom) =>
      database.write(() => {
        if (insert(client, registeredFrom)) return client;
        const there = found(find.get(client.id), clients);
        const statement = findStatement.get(client.id);
        if (JSON.stringify(statement) !== JSON.stringify(statementValues(client))) return undefined;
        share.run(client.createdAt, client.id);
        return there && { ...there, shared: true, lastUsedAt: client.createdAt };
      }),
    replaceClient: (client, unlessShared) =>
      database.write(
        () =>
          replace.run(
            ...statementValues(client),
            client.reference ?? null,
            client.id,
            unlessShared ? 1 : Number.MAX_SAFE_INTEGER,
          ).changes === 1,
      ),
    changeClient: (id, { name = null, redirectUris }) =>
      database.write(
        () =>
          change.run(name, redirectUris === undefined ? null : JSON.stringify(redirectUris), id).changes ===
          1,
      ),
    useAssertion: (assertionHash, expiresAt) =>
      database.write(() => useUp.run(assertionHash, expiresAt).changes === 1),
    removeClient: (id, unless) => {
      let isBegun = false;
      return stepByStep(async () => {
        const removed = await database.write(() => {
          if (unless === "unlessShared" && !isBegun && isShared.get(id) !== undefined) return false;
          if (unless === "unlessUsed" && !isBegun && isUsed.get(id) !== undefined) return false;
          if (isDeclared.get(id) !== undefined) return false;
          return end(id).isAll ? remove.run(id).changes === 1 : undefined;
        });
        isBegun = true;
        return removed;
      });
    },
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

const statementValues = (client: Client) => valuesOf(clientStatements, statementOf(client));
