import type { Store } from "../../oauth/ports.ts";
import { found, toResource } from "../rows.ts";
import type { Database } from "./database.ts";

type ResourceOperations = Pick<
  Store,
  | "findResource"
  | "listResources"
  | "addResource"
  | "removeResource"
  | "replaceResourceCredential"
  | "findResourceByCredential"
>;

export function resourceOperations(database: Database): ResourceOperations {
  const find = database.prepare("select * from gatehouse_resources where identifier = ?");
  const findByCredential = database.prepare("select * from gatehouse_resources where credential_hash = ?");
  const list = database.prepare("select * from gatehouse_resources order by created_at, identifier");
  const add = database.prepare(
    `insert into gatehouse_resources (identifier, name, scopes, credential_hash, created_at) values (?, ?, ?, ?, ?)
     on conflict (identifier) do nothing`,
  );
  const remove = database.prepare("delete from gatehouse_resources where identifier = ?");
  const replace = database.prepare("update gatehouse_resources set credential_hash = ? where identifier = ?");
  return {
    findResource: (identifier) => database.read(() => found(find.get(identifier), toResource)),
    findResourceByCredential: (hash) => database.read(() => found(findByCredential.get(hash), toResource)),
    listResources: () => database.read(() => list.all().map(toResource)),
    addResource: ({ identifier, name, scopes, createdAt }, credentialHash) =>
      database.write(
        () =>
          add.run(identifier, name ?? null, JSON.stringify(scopes), credentialHash, createdAt).changes === 1,
      ),
    removeResource: (identifier) => database.write(() => remove.run(identifier).changes === 1),
    replaceResourceCredential: (identifier, hash) =>
      database.write(() => replace.run(hash, identifier).changes === 1),
  };
}
