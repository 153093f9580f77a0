import type { Store } from "../../oauth/store.ts";
import { resourceColumns, toResource } from "../rows.ts";
import type { Database } from "./database.ts";
import { sharedLookup } from "./lookup.ts";

type ResourceOperations = Pick<
  Store,
  "findResource" | "listResources" | "addResource" | "replaceResourceCredential" | "findResourceByCredential"
>;

export function resourceOperations(database: Database): ResourceOperations {
  const all = `select ${resourceColumns} from gatehouse_resources`;
  const find = database.prepare(`${all} where identifier = ?`);
  const findByCredential = database.prepare(`${all} where credential_hash = ?`);
  const list = database.prepare(`${all} order by created_at, identifier`);
  const add = database.prepare(
    `insert into gatehouse_resources (identifier, name, scopes, credential_hash, created_at) values (?, ?, ?, ?, ?)
     on conflict (identifier) do nothing`,
  );
  const replace = database.prepare("update gatehouse_resources set credential_hash = ? where identifier = ?");
  return {
    findResource: sharedLookup(database, find, toResource),
    findResourceByCredential: sharedLookup(database, findByCredential, toResource),
    listResources: () => database.read(() => list.all().map(toResource)),
    addResource: ({ identifier, name, scopes, createdAt }, credentialHash) =>
      database.write(
        () =>
          add.run(identifier, name ?? null, JSON.stringify(scopes), credentialHash, createdAt).changes === 1,
      ),
    replaceResourceCredential: (identifier, hash) =>
      database.write(() => replace.run(hash, identifier).changes === 1),
  };
}
