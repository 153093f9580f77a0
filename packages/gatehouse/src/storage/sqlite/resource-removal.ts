import type { Store } from "../../oauth/store.ts";
import { countedInSteps, inParts } from "../ending.ts";
import type { Row } from "../layout.ts";
import { countedByPage, countedPageSize, everyPage, pageSize } from "../pages.ts";
import type { Database } from "./database.ts";
import { clientEnding, rowsAtOnce } from "./ending.ts";

/** Removing resources, and what a file no longer declares. */
export function resourceRemoval(
  database: Database,
): Pick<Store, "removeResource" | "endLeft" | "countGrantsFor"> {
  const remove = database.prepare("delete from gatehouse_resources where identifier = ?");
  const isDeclared = database.prepare(
    "select 1 from gatehouse_resources where identifier = ? and declared_as is not null",
  );
  const page = (table: string, columns: string) =>
    database.prepare(
      `select ${columns}, resource from ${table} where ${columns} > ? order by ${columns} limit ${pageSize}`,
    );
  const stations = (["oauth2_sessions", "oauth2_codes"] as const).map((table) => ({
    read: page(table, "id"),
    end: database.prepare(`delete from ${table} where id = ?`),
  }));
  const subjects = database.prepare(
    `select distinct subject from gatehouse_consents where subject > ? order by subject limit ${pageSize}`,
  );
  const forget = database.prepare("delete from gatehouse_consents where subject = ? and resource = ?");
  const grants = page("gatehouse_grants", "id");
  const endGrant = database.prepare("delete from gatehouse_grants where id = ?");
  const endTokens = database.prepare("delete from user_tokens where grant_id = ?");
  const hasLeft = {
    resources: database.prepare("select 1 from gatehouse_resources where identifier = ? and left_at <= ?"),
    clients: database.prepare("select 1 from oauth2_clients where id = ? and left_at <= ?"),
  };
  const removeLeft = {
    resources: database.prepare("delete from gatehouse_resources where identifier = ? and left_at <= ?"),
    clients: database.prepare("delete from oauth2_clients where id = ? and left_at <= ?"),
  };
  const liveGrants = database.prepare(
    `select max(id), sum(case when resource = ? and expires_at > ? then 1 else 0 end), count(*) from (
       select id, resource, expires_at from gatehouse_grants where id > ? order by id limit ${countedPageSize}
     ) as part`,
  );
  const countOfClient = database.prepare(
    "select count(*) from gatehouse_grants where client_id = ? and expires_at > ?",
  );
  const endOfClient = clientEnding(database);

  /** Ends what was allowed for a resource. @returns how many grants */
  async function end(identifier: string): Promise<number> {
    const its = (rows: readonly Row[]) =>
      rows.filter(([, resource]) => resource === identifier).map(([id]) => id as string);
    for (const { read, end } of stations) {
      await everyPage(
        (after) => database.read(() => read.all(after)),
        (rows) =>
          inParts(its(rows), rowsAtOnce, (ids) =>
            database.write(() => ids.forEach((id) => void end.run(id))),
          ),
      );
    }
    await everyPage(
      (after) => database.read(() => subjects.all(after)),
      (rows) =>
        inParts(rows, rowsAtOnce, (some) =>
          database.write(() => some.forEach(([subject]) => void forget.run(subject as string, identifier))),
        ),
    );
    let ended = 0;
    await everyPage(
      (after) => database.read(() => grants.all(after)),
      (rows) =>
        inParts(its(rows), rowsAtOnce, async (ids) => {
          ended += await database.write(() => {
            let changes = 0;
            for (const id of ids) {
              endTokens.run(id);
              changes += Number(endGrant.run(id).changes);
            }
            return changes;
          });
        }),
    );
    return ended;
  }

  return {
    async removeResource(identifier) {
      const known = await database.write(() =>
        isDeclared.get(identifier) === undefined ? remove.run(identifier).changes === 1 : undefined,
      );
      if (known === undefined) return undefined;
      const grants = await end(identifier);
      return known || grants > 0 ? { grants } : undefined;
    },
    async endLeft({ kind, id }, leftBefore) {
      if (kind === "clients") {
        return countedInSteps(() =>
          database.write(() => {
            if (hasLeft.clients.get(id, leftBefore) === undefined) return undefined;
            const some = endOfClient(id);
            if (some.isAll) removeLeft.clients.run(id, leftBefore);
            return some;
          }),
        );
      }
      const left = await database.read(() => hasLeft.resources.get(id, leftBefore));
      if (left === undefined) return undefined;
      // Last, so that nothing for it lives on where the process dies before.
      const grants = await end(id);
      await database.write(() => void removeLeft.resources.run(id, leftBefore));
      return { grants };
    },
    async countGrantsFor({ kind, id }, now) {
      if (kind === "clients") {
        return database.read(() => Number(countOfClient.get(id, now)?.[0]));
      }
      return countedByPage((after) => database.read(() => liveGrants.get(id, now, after)));
    },
  };
}
