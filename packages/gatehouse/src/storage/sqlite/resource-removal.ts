import type { Store } from "../../oauth/store.ts";
import type { Row } from "../layout.ts";
import { everyPage, pageSize } from "../pages.ts";
import type { Database } from "./database.ts";

export function resourceRemoval(database: Database): Pick<Store, "removeResource"> {
  const remove = database.prepare("delete from gatehouse_resources where identifier = ?");
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
  return {
    async removeResource(identifier) {
      const known = await database.write(() => remove.run(identifier).changes === 1);
      const its = (rows: readonly Row[]) =>
        rows.filter(([, resource]) => resource === identifier).map(([id]) => id as string);
      for (const { read, end } of stations) {
        await everyPage(
          (after) => database.read(() => read.all(after)),
          (rows) => database.write(() => its(rows).forEach((id) => void end.run(id))),
        );
      }
      await everyPage(
        (after) => database.read(() => subjects.all(after)),
        (rows) =>
          database.write(() => rows.forEach(([subject]) => void forget.run(subject as string, identifier))),
      );
      let ended = 0;
      await everyPage(
        (after) => database.read(() => grants.all(after)),
        async (rows) => {
          ended += await database.write(() => {
            let changes = 0;
            for (const id of its(rows)) {
              endTokens.run(id);
              changes += Number(endGrant.run(id).changes);
            }
            return changes;
          });
        },
      );
      return known || ended > 0 ? { grants: ended } : undefined;
    },
  };
}
