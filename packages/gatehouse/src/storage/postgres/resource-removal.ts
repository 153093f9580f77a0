import type { Store } from "../../oauth/store.ts";
import type { Row } from "../layout.ts";
import { everyPage, pageSize } from "../pages.ts";
import type { Database } from "./database.ts";

export function resourceRemoval(database: Database): Pick<Store, "removeResource"> {
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
  return {
    async removeResource(identifier) {
      const known = (await database.run(remove, identifier)).changes === 1;
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
      return known || ended > 0 ? { grants: ended } : undefined;
    },
  };
}
