import type { Store } from "../../oauth/ports.ts";
import type { Resource } from "../../oauth/records.ts";
import type { ResourceIdentifier, Seconds } from "../../oauth/values.ts";
import type { Database } from "./database.ts";
import { type Row, text } from "./row.ts";

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
    findResource: (identifier) => database.read(() => toResource(find.get(identifier))),
    findResourceByCredential: (hash) => database.read(() => toResource(findByCredential.get(hash))),
    listResources: () => database.read(() => list.all().flatMap((row) => toResource(row) ?? [])),
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

function toResource(row: Row | undefined): Resource | undefined {
  if (row === undefined) return undefined;
  const scopes = JSON.parse(row.scopes as string) as { name: string; sentence?: string }[];
  return {
    identifier: row.identifier as ResourceIdentifier,
    name: text(row.name),
    scopes: scopes.map(({ name, sentence }) => ({ name, sentence })),
    createdAt: row.created_at as Seconds,
  };
}
