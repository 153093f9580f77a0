import {
  type DeclarationOutcome,
  type Found,
  idOf,
  planClients,
  planResources,
} from "../../oauth/declarations.ts";
import type { Client, Resource } from "../../oauth/records.ts";
import type { Store } from "../../oauth/store.ts";
import type { SecretHash } from "../../oauth/values.ts";
import { clientStatements, statementOf } from "../client-layout.ts";
import { outcomeOf, placeholderOf } from "../declaration-outcome.ts";
import { resources } from "../resource-layout.ts";
import { clients } from "./client-layout.ts";
import { instant, instantOrNull } from "./column-types.ts";
import { type Database, type Run, Undo } from "./database.ts";
import { parameters, valuesOf } from "./dialect.ts";

const { columns: says, names: statementNames } = clientStatements;

export function declarationOperations(database: Database): Pick<Store, "declare" | "findDeclarations"> {
  const begin = database.prepare(
    `insert into gatehouse_declarations (kind, fingerprint, declared_at)
     values ('resources', '', $1), ('servers', '', $1), ('clients', '', $1)
     on conflict (kind) do nothing`,
  );
  // Whoever declares waits for whoever does.
  const take = database.prepare(
    "select kind from gatehouse_declarations where fingerprint is not null order by kind for update",
  );
  const listResources = database.prepare(
    `select ${resources.columns}, credential_hash from gatehouse_resources for update`,
  );
  const listClients = database.prepare(
    `select ${clients.columns} from oauth2_clients where declared_as is not null or id = any($1) for update`,
  );
  const strip = database.prepare("update gatehouse_resources set credential_hash = $2 where identifier = $1");
  const storeResource = database.prepare(
    `insert into gatehouse_resources (credential_hash, ${resources.columns}) values ($1, ${parameters(resources, 2)})
     on conflict (identifier) do update set credential_hash = excluded.credential_hash,
       ${resources.names
         .filter((name) => !["identifier", "created_at"].includes(name))
         .map((name) => `${name} = excluded.${name}`)
         .join(", ")}`,
  );
  const storeClient = database.prepare(
    `insert into oauth2_clients (id, created_at, declared_as, declared_in, previous_secret_hash, previous_secret_until, vouched, ${says})
     values ($1, $2, $3, $4, $5, $6, true, ${parameters(clientStatements, 7)})
     on conflict (id) do update set ${statementNames.map((name) => `${name} = excluded.${name}`).join(", ")},
       declared_as = excluded.declared_as, declared_in = excluded.declared_in, left_at = null, registrations = 1,
       vouched = true, registered_from = null,
       previous_secret_hash = excluded.previous_secret_hash, previous_secret_until = excluded.previous_secret_until`,
  );
  const leave = {
    resources: database.prepare("update gatehouse_resources set left_at = $2 where identifier = $1"),
    clients: database.prepare("update oauth2_clients set left_at = $2 where id = $1"),
  };
  const fingerprints = database.prepare(
    "select kind, fingerprint from gatehouse_declarations where fingerprint > ''",
  );
  const note = database.prepare(
    "update gatehouse_declarations set fingerprint = $2, declared_at = $3 where kind = $1 and fingerprint <> $2",
  );

  async function foundResources(run: Run): Promise<Found<Resource>[]> {
    const { rows } = await run(listResources);
    return rows.map((row) => ({ record: resources.read(row), credentialHash: row.at(-1) as SecretHash }));
  }
  async function foundClients(run: Run, ids: readonly string[]): Promise<Found<Client>[]> {
    return (await run(listClients, ids)).rows.map((row) => ({ record: clients.read(row) }));
  }

  return {
    declare: (declarations, now) =>
      database.transaction(async (run): Promise<DeclarationOutcome> => {
        await run(begin, instant(now));
        await run(take);
        const { clients: wanted } = declarations;
        const speaksOfResources = declarations.resources !== undefined || declarations.servers !== undefined;
        const plans = {
          resources: speaksOfResources
            ? planResources(declarations, await foundResources(run), now)
            : undefined,
          clients: wanted && planClients(wanted, await foundClients(run, wanted.items.map(idOf)), now),
        };
        const outcome = outcomeOf(plans);
        if (outcome.outcome !== "declared") throw new Undo(outcome);
        for (const id of plans.resources?.stripped ?? []) await run(strip, id, placeholderOf(id));
        for (const item of plans.resources?.write ?? []) {
          await run(storeResource, item.credentialHash, ...valuesOf(resources, item));
        }
        for (const item of plans.clients?.write ?? []) {
          const { declared, createdAt } = item;
          const statement = valuesOf(clientStatements, statementOf(item));
          const about = [item.id, instant(createdAt), declared.fingerprint, declared.place];
          const { secretHash = null, until } = item.previousSecret ?? {};
          await run(storeClient, ...about, secretHash, instantOrNull(until), ...statement);
        }
        for (const { kind, id } of outcome.left) await run(leave[kind], id, instant(now));
        for (const kind of ["resources", "servers", "clients"] as const) {
          const declaration = declarations[kind];
          if (declaration !== undefined) await run(note, kind, declaration.fingerprint, instant(now));
        }
        return outcome;
      }),
    findDeclarations: async () =>
      Object.fromEntries((await database.run(fingerprints)).rows.map(([kind, print]) => [kind, print])),
  };
}
