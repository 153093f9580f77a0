import {
  type DeclarationOutcome,
  type Found,
  idOf,
  planClients,
  planResources,
} from "../../oauth/declarations.ts";
import type { Client, Resource } from "../../oauth/records.ts";
import type { Store } from "../../oauth/store.ts";
import type { Seconds, SecretHash } from "../../oauth/values.ts";
import { clientStatements, readClient, statementOf } from "../client-layout.ts";
import { outcomeOf, placeholderOf } from "../declaration-outcome.ts";
import { layout } from "../layout.ts";
import { resources } from "../resource-layout.ts";
import type { Database } from "./database.ts";
import { placeholders, valuesOf } from "./dialect.ts";

const clients = layout((column) => readClient(column));
const { columns: says, names: statementNames } = clientStatements;

export function declarationOperations(database: Database): Pick<Store, "declare" | "findDeclarations"> {
  const listResources = database.prepare(
    `select ${resources.columns}, credential_hash from gatehouse_resources`,
  );
  const listClients = database.prepare(
    `select ${clients.columns} from oauth2_clients
     where declared_as is not null or id in (select value from json_each(?))`,
  );
  const strip = database.prepare("update gatehouse_resources set credential_hash = ? where identifier = ?");
  const storeResource = database.prepare(
    `insert into gatehouse_resources (${resources.columns}, credential_hash)
     values (${placeholders(resources.names.length + 1)})
     on conflict (identifier) do update set credential_hash = excluded.credential_hash,
       ${resources.names
         .filter((name) => !["identifier", "created_at"].includes(name))
         .map((name) => `${name} = excluded.${name}`)
         .join(", ")}`,
  );
  const storeClient = database.prepare(
    `insert into oauth2_clients (id, ${says}, created_at, declared_as, declared_in, previous_secret_hash, previous_secret_until)
     values (?, ${placeholders(statementNames.length)}, ?, ?, ?, ?, ?)
     on conflict (id) do update set ${statementNames.map((name) => `${name} = excluded.${name}`).join(", ")},
       declared_as = excluded.declared_as, declared_in = excluded.declared_in, left_at = null, registrations = 1,
       registered_from = null,
       previous_secret_hash = excluded.previous_secret_hash, previous_secret_until = excluded.previous_secret_until`,
  );
  const leave = {
    resources: database.prepare("update gatehouse_resources set left_at = ? where identifier = ?"),
    clients: database.prepare("update oauth2_clients set left_at = ? where id = ?"),
  };
  const fingerprints = database.prepare("select kind, fingerprint from gatehouse_declarations");
  const note = database.prepare(
    `insert into gatehouse_declarations (kind, fingerprint, declared_at) values (?, ?, ?)
     on conflict (kind) do update set fingerprint = excluded.fingerprint, declared_at = excluded.declared_at
     where fingerprint <> excluded.fingerprint`,
  );

  function foundResources(): Found<Resource>[] {
    return listResources
      .all()
      .map((row) => ({ record: resources.read(row), credentialHash: row.at(-1) as SecretHash }));
  }
  function foundClients(ids: readonly string[]): Found<Client>[] {
    return listClients.all(JSON.stringify(ids)).map((row) => ({ record: clients.read(row) }));
  }

  return {
    declare: (declarations, now: Seconds) =>
      database.write((): DeclarationOutcome => {
        const plans = {
          resources: planResources(declarations, foundResources(), now),
          clients:
            declarations.clients &&
            planClients(declarations.clients, foundClients(declarations.clients.items.map(idOf)), now),
        };
        const outcome = outcomeOf(plans);
        if (outcome.outcome !== "declared") return outcome;
        for (const id of plans.resources?.stripped ?? []) strip.run(placeholderOf(id), id);
        for (const item of plans.resources?.write ?? []) {
          storeResource.run(...valuesOf(resources, item), item.credentialHash);
        }
        for (const item of plans.clients?.write ?? []) {
          const { declared, createdAt } = item;
          const statement = valuesOf(clientStatements, statementOf(item));
          const previous = [item.previousSecret?.secretHash ?? null, item.previousSecret?.until ?? null];
          const about = [createdAt, declared.fingerprint, declared.place];
          storeClient.run(item.id, ...statement, ...about, ...previous);
        }
        for (const { kind, id } of outcome.left) leave[kind].run(now, id);
        for (const kind of ["resources", "servers", "clients"] as const) {
          const declaration = declarations[kind];
          if (declaration !== undefined) note.run(kind, declaration.fingerprint, now);
        }
        return outcome;
      }),
    findDeclarations: () =>
      database.read(() => Object.fromEntries(fingerprints.all().map(([kind, print]) => [kind, print]))),
  };
}
