import type { Store } from "../../oauth/store.ts";
import { seconds } from "../../oauth/values.ts";
import { instant } from "./column-types.ts";
import type { Database } from "./database.ts";

/** When it was registered last: nothing else uses it. `> ''` leads to the index as well as `is not null`. */
export const age = "coalesce(last_used_at, created_at)";
export const unused = "registered_from > ''";
/** Nobody is just signing in to it. That table is small: an attempt lives for minutes. */
export const notUnderWay =
  "not exists (select 1 from oauth2_sessions as s where s.client_id = oauth2_clients.id)";

/** Rows that a call removes of the surplus in all, at most: nobody must wait long for it. */
const maxRemoved = 500;
/**
 * So much of the bound goes besides, because to rank the rows costs more than to remove some more of them.
 */
const extraShare = 0.01;

/** That a row was not used is asked twice: to find it, and once it is this statement's turn. */
export function registrationOperations(database: Database): Pick<Store, "makeRoom"> {
  const countAll = database.prepare(`select count(*) from oauth2_clients where ${unused}`);
  const countOf = database.prepare("select count(*) from oauth2_clients where registered_from = $1");
  const removeOldest = database.prepare(
    `delete from oauth2_clients where id in (
       select id from oauth2_clients where registered_from = $1 and ${age} <= $2 and ${notUnderWay} order by ${age} limit $3)
     and registered_from = $1 and ${age} <= $2`,
  );
  const removeFromLargest = database.prepare(
    `delete from oauth2_clients where id in (
       select id from (
         select id, ${age} as registered, row_number() over (partition by registered_from order by ${age} desc) as place
         from oauth2_clients where ${unused}) as ranked
       order by place desc, registered limit $1)
     and ${unused}`,
  );
  return {
    makeRoom: async ({ from, now, perAddress, inAll, settled }) => {
      const surplus = Number((await database.run(countAll)).rows[0]?.[0]) - inAll;
      if (surplus > 0)
        await database.run(removeFromLargest, Math.min(surplus + Math.floor(inAll * extraShare), maxRemoved));
      if (perAddress === undefined) return true;
      const theirs = Number((await database.run(countOf, from)).rows[0]?.[0]);
      if (theirs < perAddress) return true;
      const old = instant(seconds(now - settled));
      const removed = (await database.run(removeOldest, from, old, theirs - perAddress + 1)).changes;
      return theirs - removed < perAddress;
    },
  };
}
