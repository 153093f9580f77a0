import type { Client } from "../../oauth/records.ts";
import type { Store } from "../../oauth/store.ts";
import { batched } from "../batching.ts";
import { clientStatements, statementOf } from "../client-layout.ts";
import { stepByStep } from "../ending.ts";
import { found, type Value } from "../layout.ts";
import { clients, provisioned } from "./client-layout.ts";
import { instant, instantOrNull } from "./column-types.ts";
import { type Database, Undo } from "./database.ts";
import { typedColumns, valuesOf, written } from "./dialect.ts";
import { clientAttemptsEnding, clientEnding } from "./ending.ts";
import { keyedLookup } from "./lookup.ts";

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

const { columns: says, names: statementNames } = clientStatements;

export function clientOperations(database: Database): ClientOperations {
  const find = keyedLookup(database, { columns: clients.columns, table: "oauth2_clients", key: "id" });
  const list = database.prepare(`select ${clients.columns} from oauth2_clients order by created_at desc, id`);
  const listProvisioned = database.prepare(
    `select ${clients.columns} from oauth2_clients where ${provisioned} order by created_at desc, id`,
  );
  const add = database.prepare(
    `insert into oauth2_clients (id, ${says}, created_at, last_used_at, registered_from, reference, vouched)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, not $${numberOf("dynamically_registered", 2)}::bool)
     on conflict (id) do nothing`,
  );
  const share = database.prepare(
    `insert into oauth2_clients (id, ${says}, created_at, registered_from, reference, registrations)
     select id, ${says}, created_at, registered_from, reference, registrations
     from json_to_recordset($1) as asked (id text, ${typedColumns(clientStatements)}, created_at timestamptz, registered_from text, reference text, registrations int)
     on conflict (id) do update set last_used_at = excluded.created_at,
       registrations = oauth2_clients.registrations + excluded.registrations
     where ${statementNames.map((column) => `oauth2_clients.${column} is not distinct from excluded.${column}`).join(" and ")}
     returning ${clients.columns}`,
  );
  const replace = database.prepare(
    `update oauth2_clients set ${statementNames.map((name) => `${name} = $${numberOf(name, 3)}`).join(", ")},
       vouched = not $${numberOf("dynamically_registered", 3)}::bool,
       reference = coalesce($${statementNames.length + 3}, reference)
     where id = $1 and (registrations = 1 or $2::bool)`,
  );
  const change = database.prepare(
    `update oauth2_clients set client_name = coalesce($2, client_name), redirect_uris = coalesce($3, redirect_uris)
     where id = $1 and declared_as is null`,
  );
  const useUp = database.prepare(
    "insert into gatehouse_client_assertions (id, expires_at) values ($1, $2) on conflict (id) do nothing",
  );
  const take = database.prepare(
    `select id from oauth2_clients where id = $1 and (registrations = 1 or $2::bool)
       and (last_used_at is null or $3::bool) and declared_as is null for update`,
  );
  const endAttempts = clientAttemptsEnding(database);
  const end = clientEnding(database);
  const remove = database.prepare("delete from oauth2_clients where id = $1");
  const vouch = database.prepare(
    "update oauth2_clients set vouched = $2, registered_from = null where id = $1",
  );
  const remember = database.prepare(
    "update oauth2_clients set secret_hash = $3 where id = $1 and secret = $2",
  );
  const forget = database.prepare(
    "update oauth2_clients set secret = null, secret_hash = $3 where id = $1 and secret = $2",
  );
  const rotate = database.prepare(
    `update oauth2_clients set secret = $2, secret_hash = $3, previous_secret_hash = $4, previous_secret_until = $5
     where id = $1 and coalesce(secret, '') = $6 and secret_hash is not distinct from $7 and declared_as is null`,
  );
  const allValues = (client: Client): Value[] => [
    client.id,
    ...statementValues(client),
    instant(client.createdAt),
    instantOrNull(client.lastUsedAt),
  ];
  const shareTogether = batched(async (shared: readonly Shared[]) => {
    // The statement may see a row but once, so those that are the same count together, as the first one's.
    const distinct = new Map<string, ReturnType<typeof shareRow> & { registrations: number }>();
    for (const { client, registeredFrom } of shared) {
      const asked = shareRow(client, registeredFrom);
      const key = JSON.stringify({ ...asked, registered_from: null, reference: null });
      const first = distinct.get(key) ?? { ...asked, registrations: 0 };
      distinct.set(key, { ...first, registrations: first.registrations + 1 });
    }
    const { rows } = await database.run(share, JSON.stringify([...distinct.values()]));
    const stored = new Map(rows.map(clients.read).map((client) => [client.id, client]));
    return shared.map(({ client }) => stored.get(client.id));
  });
  return {
    findClient: async (id) => found(await find(id), clients),
    listClients: async () => (await database.run(list)).rows.map(clients.read),
    listProvisionedClients: async () => (await database.run(listProvisioned)).rows.map(clients.read),
    addClient: async (client, registeredFrom) =>
      (await database.run(add, ...allValues(client), registeredFrom ?? null, client.reference ?? null))
        .changes === 1,
    shareClient: (client, registeredFrom) => shareTogether({ client, registeredFrom }),
    replaceClient: async (client, unlessShared) =>
      (
        await database.run(
          replace,
          client.id,
          unlessShared === undefined,
          ...statementValues(client),
          client.reference ?? null,
        )
      ).changes === 1,
    changeClient: async (id, { name, redirectUris }) =>
      (await database.run(change, id, name ?? null, redirectUris ?? null)).changes === 1,
    useAssertion: async (assertionHash, expiresAt) =>
      (await database.run(useUp, assertionHash, instant(expiresAt))).changes === 1,
    removeClient: (id, unless) => {
      let isBegun = false;
      return stepByStep(async () => {
        const removed = await database.transaction(async (run) => {
          await endAttempts(run, id);
          const anyway = [unless !== "unlessShared" || isBegun, unless !== "unlessUsed" || isBegun];
          const there = (await run(take, id, ...anyway)).rows.length === 1;
          if (!there) throw new Undo(false);
          return (await end(run, id)).isAll ? (await run(remove, id)).changes === 1 : undefined;
        });
        isBegun = true;
        return removed;
      });
    },
    vouchForClient: async (id, vouched) => (await database.run(vouch, id, vouched)).changes === 1,
    rememberSecretHash: async (id, clearSecret, secretHash) =>
      void (await database.run(remember, id, clearSecret, secretHash)),
    forgetClearSecret: async (id, clearSecret, secretHash) =>
      (await database.run(forget, id, clearSecret, secretHash)).changes === 1,
    rotateSecret: async ({ id, clearSecret, secretHash }, next, previous) => {
      const secrets = [next.clearSecret ?? null, next.secretHash ?? null];
      const before = [previous?.secretHash ?? null, instantOrNull(previous?.until)];
      const expected = [clearSecret ?? "", secretHash ?? null];
      return (await database.run(rotate, id, ...secrets, ...before, ...expected)).changes === 1;
    },
  };
}

interface Shared {
  readonly client: Client;
  readonly registeredFrom: string | undefined;
}

function shareRow(client: Client, registeredFrom: string | undefined) {
  return {
    id: client.id,
    ...written(clientStatements, statementOf(client)),
    created_at: instant(client.createdAt),
    registered_from: registeredFrom ?? null,
    reference: client.reference ?? null,
  };
}

const statementValues = (client: Client) => valuesOf(clientStatements, statementOf(client));

/** Of the parameter for a column of the statement. @param first that of its first column */
const numberOf = (name: string, first: number) => first + statementNames.indexOf(name);
