import type { StoreProblem } from "../../oauth/store/upkeep.ts";
import type { Store } from "../../oauth/store.ts";
import { type Ledger, newestOf, schemaProblems } from "../migration.ts";
import type { Database } from "./database.ts";
import { isMissingTable } from "./errors.ts";
import { knownMigrations, latest, needed } from "./migrations.ts";

export function healthOperation(database: Database): Pick<Store, "findProblems" | "wasOriginals"> {
  const known = knownMigrations();
  // A write as the server does them all day, into a row that no assertion can have; a standby, a read-only
  // session, a full disk and missing rights refuse it.
  const touch = database.prepare(
    "insert into gatehouse_client_assertions (id, expires_at) values ('readyz', now()) on conflict (id) do update set expires_at = excluded.expires_at",
  );
  const atLatest = database.prepare(latest);
  const neededAfter = database.prepare(needed);
  const origin = database.prepare("select was_originals from gatehouse_origin");
  const ledger = async (): Promise<Ledger> => {
    const number = async (...asked: Parameters<typeof database.run>) =>
      Number((await database.run(...asked)).rows[0]?.[0] ?? 0);
    const at = await number(atLatest);
    const newest = newestOf(known);
    return { latest: at, needed: at <= newest ? at : await number(neededAfter, newest) };
  };
  return {
    wasOriginals: async () => (await database.run(origin)).rows[0]?.[0] === true,
    findProblems: async () => {
      let problems: StoreProblem[];
      try {
        problems = schemaProblems(await ledger(), known);
      } catch (error) {
        if (isMissingTable(error)) return schemaProblems({ latest: 0, needed: 0 }, known);
        throw error;
      }
      if (problems.every(({ isWarning }) => isWarning)) await database.run(touch);
      return problems;
    },
  };
}
