import type { UseStore } from "../../oauth/store/uses.ts";
import { inParts } from "../ending.ts";
import { grantUses, usesOfGrants } from "../layouts.ts";
import { instant } from "./column-types.ts";
import type { Database } from "./database.ts";
import { rowsAtOnce } from "./ending.ts";

export function useOperations(database: Database): UseStore {
  const note = database.prepare(
    `update gatehouse_grants set
       used_at = case when gatehouse_grants.used_at > asked.used_at then gatehouse_grants.used_at else asked.used_at end,
       token_address = coalesce(asked.token_address, gatehouse_grants.token_address)
     from json_to_recordset($1) as asked (id text, used_at timestamptz, token_address text)
     where gatehouse_grants.id = asked.id`,
  );
  const find = database.prepare(`select ${grantUses.columns} from ${usesOfGrants} where id = any($1)`);
  return {
    noteUses: (uses, hurry) =>
      inParts(
        uses,
        rowsAtOnce,
        async (some) => {
          const rows = some.map(({ grantId, usedAt, address }) => ({
            id: grantId,
            used_at: instant(usedAt),
            token_address: address ?? null,
          }));
          // In the order of their names, so that two processes do not wait for each other's rows.
          rows.sort(({ id: left }, { id: right }) => (left < right ? -1 : 1));
          await database.run(note, JSON.stringify(rows));
        },
        hurry,
      ),
    findUses: async (grants) => new Map((await database.run(find, grants)).rows.map(grantUses.read)),
  };
}
