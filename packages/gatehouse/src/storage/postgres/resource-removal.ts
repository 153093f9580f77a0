import type { Store } from "../../oauth/store.ts";
import { countedInSteps } from "../ending.ts";
import type { Row } from "../layout.ts";
import { countedByPage, countedPageSize, everyPage, pageSize } from "../pages.ts";
import { instant } from "./column-types.ts";
import { type Database, Undo } from "./database.ts";
import { clientAttemptsEnding, clientEnding } from "./ending.ts";

/** Removing resources, and what a file no longer declares. */
export function resourceRemoval(
  database: Database,
): Pick<Store, "removeResource" | "endLeft" | "countGrantsFor"> {
  const take = database.prepare(
    "select declared_as from gatehouse_resources where identifier = $1 for update",
  );
  const remove = database.prepare("delete from gatehouse_resources where identifier = $1");
  const page = (table: string) =>
    database.prepare(`select id, resource from ${table} where id > $1 order by id limit ${pageSize}`);
  // In the order in which one becomes the other: what moves on at this moment is met at its next station.
  const stations = (["oauth2_sessions", "oauth2_codes"] as const).map((table) => ({
    read: page(table),
    end: database.prepare(`delete from ${table} where id = any($1)`),
  }));
  const subjects = database.prepare(
    `select distinct subject from gatehouse_consents where subject > $1 order by subject limit ${pageSize}`,
  );
  const forget = database.prepare("delete from gatehouse_consents where subject = any($1) and resource = $2");
  const grants = page("gatehouse_grants");
  const endGrants = database.prepare("delete from gatehouse_grants where id = any($1)");
  const endTokens = database.prepare("delete from user_tokens where grant_id = any($1)");
  const hasLeft = {
    resources: database.prepare(
      "select identifier from gatehouse_resources where identifier = $1 and left_at <= $2",
    ),
    clients: database.prepare("select id from oauth2_clients where id = $1 and left_at <= $2 for update"),
  };
  const removeLeft = {
    resources: database.prepare("delete from gatehouse_resources where identifier = $1 and left_at <= $2"),
    clients: database.prepare("delete from oauth2_clients where id = $1"),
  };
  const liveGrants = database.prepare(
    `select max(id), sum(case when resource = $2 and expires_at > $3 then 1 else 0 end), count(*) from (
       select id, resource, expires_at from gatehouse_grants where id > $1 order by id limit ${countedPageSize}
     ) as part`,
  );
  const countOfClient = database.prepare(
    "select count(*) from gatehouse_grants where client_id = $1 and expires_at > $2",
  );
  const endAttemptsOfClient = clientAttemptsEnding(database);
  const endOfClient = clientEnding(database);

  /** Ends what was allowed for a resource. @returns how many grants */
  async function end(identifier: string): Promise<number> {
    const its = (rows: readonly Row[]) =>
      rows.filter(([, resource]) => resource === identifier).map(([id]) => id as string);
    for (const { read, end } of stations) {
      await everyPage(
        async (after) => (await database.run(read, after)).rows,
        async (rows) => void (await database.run(end, its(rows))),
      );
    }
    await everyPage(
      async (after) => (await database.run(subjects, after)).rows,
      async (rows) => {
        const people = rows.map(([subject]) => subject as string);
        await database.run(forget, people, identifier);
      },
    );
    let ended = 0;
    await everyPage(
      async (after) => (await database.run(grants, after)).rows,
      async (rows) => {
        const ids = its(rows);
        if (ids.length === 0) return;
        ended += await database.transaction(async (run) => {
          // The grants first: from then on nobody adds a token.
          const { changes } = await run(endGrants, ids);
          await run(endTokens, ids);
          return changes;
        });
      },
    );
    return ended;
  }

  return {
    async removeResource(identifier) {
      const known = await database.transaction(async (run) => {
        const [declaredAs] = (await run(take, identifier)).rows[0] ?? [];
        return declaredAs ? undefined : (await run(remove, identifier)).changes === 1;
      });
      if (known === undefined) return undefined;
      const grants = await end(identifier);
      return known || grants > 0 ? { grants } : undefined;
    },
    async endLeft({ kind, id }, leftBefore) {
      if (kind === "clients") {
        return countedInSteps(() =>
          database.transaction(async (run) => {
            await endAttemptsOfClient(run, id);
            const left = (await run(hasLeft.clients, id, instant(leftBefore))).rows.length === 1;
            if (!left) throw new Undo(undefined);
            const some = await endOfClient(run, id);
            if (some.isAll) await run(removeLeft.clients, id);
            return some;
          }),
        );
      }
      const left = (await database.run(hasLeft.resources, id, instant(leftBefore))).rows.length === 1;
      if (!left) return undefined;
      // Last, so that nothing for it lives on where the process dies before.
      const grants = await end(id);
      await database.run(removeLeft.resources, id, instant(leftBefore));
      return { grants };
    },
    async countGrantsFor({ kind, id }, now) {
      if (kind === "clients") {
        return Number((await database.run(countOfClient, id, instant(now))).rows[0]?.[0]);
      }
      return countedByPage(
        async (after) => (await database.run(liveGrants, after, id, instant(now))).rows[0],
      );
    },
  };
}
