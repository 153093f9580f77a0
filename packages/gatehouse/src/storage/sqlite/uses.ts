import type { UseStore } from "../../oauth/store/uses.ts";
import { inParts } from "../ending.ts";
import { grantUses, usesOfGrants } from "../layouts.ts";
import type { Database } from "./database.ts";
import { rowsAtOnce } from "./ending.ts";

export function useOperations(database: Database): UseStore {
  const note = database.prepare(
    `update gatehouse_grants set used_at = max(coalesce(used_at, 0), ?), token_address = coalesce(?, token_address)
     where id = ?`,
  );
  const find = database.prepare(
    `select ${grantUses.columns} from ${usesOfGrants} where id in (select value from json_each(?))`,
  );
  return {
    noteUses: (uses, hurry) =>
      inParts(
        uses,
        rowsAtOnce,
        (some) =>
          database.write(() => {
            for (const { grantId, usedAt, address } of some) note.run(usedAt, address ?? null, grantId);
          }),
        hurry,
      ),
    findUses: (grants) => database.read(() => new Map(find.all(JSON.stringify(grants)).map(grantUses.read))),
  };
}
