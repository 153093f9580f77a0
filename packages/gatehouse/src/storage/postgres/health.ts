import type { Store } from "../../oauth/ports.ts";
import { schemaProblems } from "../migration.ts";
import type { Database } from "./database.ts";
import { isMissingTable } from "./errors.ts";
import { knownMigrations } from "./migrations.ts";

export function healthOperation(database: Database): Pick<Store, "findProblems"> {
  const known = knownMigrations();
  // Changes nothing, and is a write all the same: a standby, a read-only session and a role without rights refuse it.
  const touch = database.prepare(
    "update gatehouse_migrations set name = name where number = (select max(number) from gatehouse_migrations) returning number",
  );
  return {
    findProblems: async () => {
      const { rows } = await database.run(touch).catch((error: unknown) => {
        if (isMissingTable(error)) return { rows: [] };
        throw error;
      });
      return schemaProblems(Number(rows[0]?.[0] ?? 0), known);
    },
  };
}
