import type { Store } from "../../oauth/store.ts";
import { instant } from "./column-types.ts";
import type { Database } from "./database.ts";

export function budgetOperations(database: Database): Pick<Store, "useBudgets"> {
  // In the order of their keys, so that two callers with the same ones wait for each other in turn.
  const use = database.prepare(
    `insert into gatehouse_budgets (id, window_start, used)
     select id, window_start, used from json_to_recordset($1) as uses (id text, window_start timestamptz, used bigint) order by id
     on conflict (id) do update set
       used = excluded.used + case when excluded.window_start > gatehouse_budgets.window_start then 0 else gatehouse_budgets.used end,
       window_start = case when excluded.window_start > gatehouse_budgets.window_start then excluded.window_start else gatehouse_budgets.window_start end
     returning id, used`,
  );
  return {
    useBudgets: async (uses) => {
      const rows = uses.map(({ key, windowStart, count }) => ({
        id: key,
        window_start: instant(windowStart),
        used: count,
      }));
      const used = new Map(
        (await database.run(use, JSON.stringify(rows))).rows.map(([id, count]) => [id, count]),
      );
      return uses.map(({ key }) => Number(used.get(key)));
    },
  };
}
