import type { Store } from "../../oauth/store.ts";
import { batched } from "../batching.ts";
import { found, resourceColumns, toResource } from "../rows.ts";
import { instant } from "./column-types.ts";
import type { Database } from "./database.ts";
import { keyedLookup } from "./lookup.ts";

type ResourceOperations = Pick<
  Store,
  "findResource" | "listResources" | "addResource" | "replaceResourceCredential" | "findResourceByCredential"
>;

export function resourceOperations(database: Database): ResourceOperations {
  const resources = { columns: resourceColumns, table: "gatehouse_resources" };
  const find = keyedLookup(database, { ...resources, key: "identifier" });
  const findByCredential = keyedLookup(database, { ...resources, key: "credential_hash" });
  const list = database.prepare(
    `select ${resourceColumns} from gatehouse_resources order by created_at, identifier`,
  );
  const add = database.prepare(
    `insert into gatehouse_resources (${resourceColumns}, credential_hash) values ($1, $2, $3, $4, $5) on conflict (identifier) do nothing`,
  );
  const replace = database.prepare(
    "update gatehouse_resources set credential_hash = $2 where identifier = $1",
  );
  const listTogether = batched(async (asked: readonly undefined[]) => {
    const listed = (await database.run(list)).rows.map(toResource);
    return asked.map(() => listed);
  });
  return {
    findResource: async (identifier) => found(await find(identifier), toResource),
    findResourceByCredential: async (hash) => found(await findByCredential(hash), toResource),
    listResources: () => listTogether(undefined),
    addResource: async ({ identifier, name, scopes, createdAt }, credentialHash) => {
      const says = [identifier, name ?? null, JSON.stringify(scopes), instant(createdAt)];
      return (await database.run(add, ...says, credentialHash)).changes === 1;
    },
    replaceResourceCredential: async (identifier, hash) =>
      (await database.run(replace, identifier, hash)).changes === 1,
  };
}
