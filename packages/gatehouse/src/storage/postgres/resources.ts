import type { Store } from "../../oauth/ports.ts";
import type { Resource } from "../../oauth/records.ts";
import { found, toResource } from "../rows.ts";
import { instant } from "./column-types.ts";
import type { Database } from "./database.ts";
import { gathered } from "./gathered.ts";
import { keyedLookup } from "./lookup.ts";

type ResourceOperations = Pick<
  Store,
  | "findResource"
  | "listResources"
  | "addResource"
  | "removeResource"
  | "replaceResourceCredential"
  | "findResourceByCredential"
>;

const columns = "identifier, name, scopes, credential_hash, created_at";

export function resourceOperations(database: Database): ResourceOperations {
  const all = `select ${columns} from gatehouse_resources`;
  const find = keyedLookup(database, "identifier", (condition) => `${all} where ${condition}`);
  const findByCredential = keyedLookup(
    database,
    "credential_hash",
    (condition) => `${all} where ${condition}`,
  );
  const list = database.prepare(`${all} order by created_at, identifier`);
  const add = database.prepare(
    `insert into gatehouse_resources (${columns}) values ($1, $2, $3, $4, $5) on conflict (identifier) do nothing`,
  );
  const remove = database.prepare("delete from gatehouse_resources where identifier = $1");
  const replace = database.prepare(
    "update gatehouse_resources set credential_hash = $2 where identifier = $1",
  );
  const listTogether = gathered<undefined, Resource[]>({
    perform: async (asked) => {
      const resources = (await database.run(list)).rows.map(toResource);
      return asked.map(() => resources);
    },
  });
  return {
    findResource: async (identifier) => found(await find(identifier), toResource),
    findResourceByCredential: async (hash) => found(await findByCredential(hash), toResource),
    listResources: () => listTogether(undefined),
    addResource: async ({ identifier, name, scopes, createdAt }, credentialHash) => {
      const says = [identifier, name ?? null, JSON.stringify(scopes), credentialHash];
      return (await database.run(add, ...says, instant(createdAt))).changes === 1;
    },
    removeResource: async (identifier) => (await database.run(remove, identifier)).changes === 1,
    replaceResourceCredential: async (identifier, hash) =>
      (await database.run(replace, identifier, hash)).changes === 1,
  };
}
