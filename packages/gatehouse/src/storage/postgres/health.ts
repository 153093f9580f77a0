import type { Store } from "../../oauth/store.ts";
import { schemaProblems } from "../migration.ts";
import type { Database } from "./database.ts";
import { isMissingTable } from "./errors.ts";
import { knownMigrations } from "./migrations.ts";

export function healthOperation(database: Database): Pick<Store, "findProblems" | "wasOriginals"> {
  const known = knownMigrations();
  // A write as the server does them all day, into a row that no assertion can have; a standby, a read-only
  // session, a full disk and missing rights refuse it.
  const touch = database.prepare(
    "insert into gatehouse_client_assertions (id, expires_at) values ('readyz', now()) on conflict (id) do update set expires_at = excluded.expires_at",
  );
  const latest = database.prepare("select max(number) as latest from gatehouse_migrations");
  const origin = database.prepare("select was_originals from gatehouse_origin");
  return {
    wasOriginals: async () => (await database.run(origin)).rows[0]?.[0] === true,
    findProblems: async () => {
      try {
        const { rows } = await database.run(latest);
        const problems = schemaProblems(Number(rows[0]?.[0] ?? 0), known);
        if (problems.length > 0) return problems;
      } catch (error) {
        if (isMissingTable(error)) return schemaProblems(0, known);
        throw error;
      }
      await database.run(touch);
      return [];
    },
  };
}
