import type { ResourceChange } from "../../oauth/store/resources.ts";
import type { Store } from "../../oauth/store.ts";
import { batched } from "../batching.ts";
import { found, jsonOrNull } from "../layout.ts";
import { changedResource } from "../resource-change.ts";
import { resources } from "../resource-layout.ts";
import { instantOrNull } from "./column-types.ts";
import type { Database } from "./database.ts";
import { parameters, valuesOf } from "./dialect.ts";
import { keyedLookup } from "./lookup.ts";

type ResourceOperations = Pick<
  Store,
  | "findResource"
  | "listResources"
  | "addResource"
  | "changeResource"
  | "replaceResourceCredential"
  | "findResourceByCredential"
>;

export function resourceOperations(database: Database): ResourceOperations {
  const looked = { columns: resources.columns, table: "gatehouse_resources" };
  const find = keyedLookup(database, { ...looked, key: "identifier" });
  const findByCredential = keyedLookup(database, { ...looked, key: "credential_hash" });
  const findByPrevious = keyedLookup(database, { ...looked, key: "previous_credential_hash" });
  const list = database.prepare(
    `select ${resources.columns} from gatehouse_resources order by created_at, identifier`,
  );
  const add = database.prepare(
    `insert into gatehouse_resources (credential_hash, ${resources.columns}) values ($1, ${parameters(resources, 2)}) on conflict (identifier) do nothing`,
  );
  const change = database.prepare(
    "update gatehouse_resources set name = $2, scopes = $3, claims = $4 where identifier = $1",
  );
  const take = database.prepare(
    `select ${resources.columns} from gatehouse_resources where identifier = $1 for update`,
  );
  const replace = database.prepare(
    `update gatehouse_resources set credential_hash = $2, previous_credential_until = $3::timestamptz,
       previous_credential_hash = case when $3::timestamptz is not null then credential_hash end
     where identifier = $1 and declared_as is null`,
  );
  const listTogether = batched(async (asked: readonly undefined[]) => {
    const listed = (await database.run(list)).rows.map(resources.read);
    return asked.map(() => listed);
  });
  return {
    findResource: async (identifier) => found(await find(identifier), resources),
    findResourceByCredential: async (hash) =>
      found((await findByCredential(hash)) ?? (await findByPrevious(hash)), resources),
    listResources: () => listTogether(undefined),
    addResource: async (resource, credentialHash) =>
      (await database.run(add, credentialHash, ...valuesOf(resources, resource))).changes === 1,
    changeResource: (identifier, changes) =>
      database.transaction(async (run): Promise<ResourceChange> => {
        const before = found((await run(take, identifier)).rows[0], resources);
        const next = changedResource(before, changes);
        if (next.outcome !== "changed") return next;
        const { name, scopes, claims } = next.resource;
        await run(change, identifier, name ?? null, JSON.stringify(scopes), jsonOrNull(claims));
        return next;
      }),
    replaceResourceCredential: async (identifier, hash, keepUntil) =>
      (await database.run(replace, identifier, hash, instantOrNull(keepUntil))).changes === 1,
  };
}
