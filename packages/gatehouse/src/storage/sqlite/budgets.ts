import type { Store } from "../../oauth/store.ts";
import type { Database } from "./database.ts";

export function budgetOperations(database: Database): Pick<Store, "useBudgets"> {
  const use = database.prepare(
    `insert into gatehouse_budgets (id, window_start, used) values (?, ?, ?)
     on conflict (id) do update set
       used = excluded.used + case when excluded.window_start > gatehouse_budgets.window_start then 0 else gatehouse_budgets.used end,
       window_start = max(gatehouse_budgets.window_start, excluded.window_start)
     returning used`,
  );
  return {
    useBudgets: (uses) =>
      database.write(() =>
        uses.map(({ key, windowStart, count }) => Number(use.get(key, windowStart, count)?.[0])),
      ),
  };
}
