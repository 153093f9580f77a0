import type { Store } from "../../oauth/store.ts";
import type { Database } from "./database.ts";

/** When it was registered last: nothing else uses it. `> ''` instead of `is not null` leads to the index. */
export const age = "coalesce(last_used_at, created_at)";
export const unused = "oauth2_clients where registered_from > ''";
/** Nobody is just signing in to it. That table is small: an attempt lives for minutes. */
export const notUnderWay =
  "not exists (select 1 from oauth2_sessions as s where s.client_id = oauth2_clients.id)";

/** Rows that a call removes of the surplus in all, at most: nobody must wait long for it. */
const maxRemoved = 500;
/**
 * So much of the bound goes besides, because to rank the rows costs more than to remove some more of them.
 */
const extraShare = 0.01;

export function registrationOperations(database: Database): Pick<Store, "makeRoom"> {
  const countAll = database.prepare(`select count(*) from ${unused}`);
  const countOf = database.prepare("select count(*) from oauth2_clients where registered_from = ?");
  const removeOldest = database.prepare(
    `delete from oauth2_clients where id in (
       select id from oauth2_clients where registered_from = ? and ${age} <= ? and ${notUnderWay} order by ${age} limit ?)`,
  );
  const removeFromLargest = database.prepare(
    `delete from oauth2_clients where id in (
       select id from (
         select id, ${age} as registered, row_number() over (partition by registered_from order by ${age} desc) as place from ${unused})
       order by place desc, registered limit ?)`,
  );
  return {
    makeRoom: ({ from, now, perAddress, inAll, settled }) =>
      database.write(() => {
        const surplus = Number(countAll.get()?.[0]) - inAll;
        if (surplus > 0)
          removeFromLargest.run(Math.min(surplus + Math.floor(inAll * extraShare), maxRemoved));
        if (perAddress === undefined) return true;
        const theirs = Number(countOf.get(from)?.[0]);
        if (theirs < perAddress) return true;
        const removed = Number(removeOldest.run(from, now - settled, theirs - perAddress + 1).changes);
        return theirs - removed < perAddress;
      }),
  };
}
