import type { ResourceChange } from "../../oauth/store/resources.ts";
import type { Store } from "../../oauth/store.ts";
import { found, jsonOrNull } from "../layout.ts";
import { changedResource } from "../resource-change.ts";
import { resources } from "../resource-layout.ts";
import type { Database } from "./database.ts";
import { placeholders, valuesOf } from "./dialect.ts";
import { sharedLookup } from "./lookup.ts";

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
  const all = `select ${resources.columns} from gatehouse_resources`;
  const find = database.prepare(`${all} where identifier = ?`);
  const findByCredential = database.prepare(`${all} where credential_hash = ?`);
  const list = database.prepare(`${all} order by created_at, identifier`);
  const add = database.prepare(
    `insert into gatehouse_resources (${resources.columns}, credential_hash) values (${placeholders(resources.names.length + 1)})
     on conflict (identifier) do nothing`,
  );
  const change = database.prepare(
    `update gatehouse_resources
     set name = ?, scopes = ?, claims = ? where identifier = ?`,
  );
  const findByPrevious = database.prepare(`${all} where previous_credential_hash = ?`);
  const replace = database.prepare(
    `update gatehouse_resources set credential_hash = ?, previous_credential_until = ?,
       previous_credential_hash = case when ? then credential_hash end
     where identifier = ? and declared_as is null`,
  );
  const byCredential = sharedLookup(database, findByCredential, resources);
  const byPrevious = sharedLookup(database, findByPrevious, resources);
  return {
    findResource: sharedLookup(database, find, resources),
    findResourceByCredential: async (hash) => (await byCredential(hash)) ?? byPrevious(hash),
    listResources: () => database.read(() => list.all().map(resources.read)),
    addResource: (resource, credentialHash) =>
      database.write(() => add.run(...valuesOf(resources, resource), credentialHash).changes === 1),
    changeResource: (identifier, changes) =>
      database.write((): ResourceChange => {
        const before = found(find.get(identifier), resources);
        const next = changedResource(before, changes);
        if (next.outcome !== "changed") return next;
        const { name, scopes, claims } = next.resource;
        change.run(name ?? null, JSON.stringify(scopes), jsonOrNull(claims), identifier);
        return next;
      }),
    replaceResourceCredential: (identifier, hash, keepUntil) =>
      database.write(
        () => replace.run(hash, keepUntil ?? null, Number(keepUntil !== undefined), identifier).changes === 1,
      ),
  };
}
