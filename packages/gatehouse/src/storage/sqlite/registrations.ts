import type { Store } from "../../oauth/store.ts";
import type { Database } from "./database.ts";

/** When it was registered last: nothing else uses it. `> ''` instead of `is not null` leads to the index. */
export const age = "coalesce(last_used_at, created_at)";
export const unused = "oauth2_clients where registered_from > ''";
/** Nobody is just signing in to it. That table is small: an attempt lives for minutes. */
export const notUnderWay =
  "not exists (select 1 from oauth2_sessions as s where s.client_id = oauth2_clients.id)";

/** Rows that a call removes of the surplus in all, at most: nobody must wait long for it. */
const maxRemoved = 200;
/** So much of the bound goes besides, because to look who has most costs more than to remove some more. */
const extraShare = 0.01;
/**
 * So many registrations at most, with some room, come between two calls: what was counted holds for that
 * long. Of several processes each counts for itself, so that there may be a few more for a moment.
 */
const perCall = 32;

export function registrationOperations(database: Database): Pick<Store, "makeRoom"> {
  const countAll = database.prepare(`select count(*) from ${unused}`);
  const countOf = database.prepare("select count(*) from oauth2_clients where registered_from = ?");
  const removeOldest = database.prepare(
    `delete from oauth2_clients where id in (
       select id from oauth2_clients where registered_from = ? and ${age} <= ? and ${notUnderWay} order by ${age} limit ?)`,
  );
  // Nothing of the rows but what the index holds: to look at their age costs eight times as much.
  const countEach = database.prepare(
    `select registered_from, count(*) from ${unused} group by registered_from`,
  );
  const findAge = database.prepare(
    `select ${age} from oauth2_clients where registered_from = ? order by ${age} limit 1 offset ?`,
  );
  const removeOf = database.prepare(
    `delete from oauth2_clients where id in (
       select id from oauth2_clients where registered_from = ? order by ${age} limit ?)`,
  );

  function removeFromLargest(count: number): void {
    const all = countEach.all().map(([from, held]) => ({ from: String(from), held: Number(held) }));
    for (const { from, surplus } of surplusOf(all, count, (from, at) => Number(findAge.get(from, at)?.[0]))) {
      removeOf.run(from, surplus);
    }
  }

  /** As many as there may be by now. */
  let mayBe = Number.POSITIVE_INFINITY;
  return {
    makeRoom: ({ from, now, perAddress, inAll, settled }) =>
      database.write(() => {
        mayBe += perCall;
        if (mayBe > inAll) {
          mayBe = Number(countAll.get()?.[0]);
          const surplus = mayBe - inAll;
          if (surplus > 0) {
            const removed = Math.min(surplus + Math.floor(inAll * extraShare), maxRemoved);
            removeFromLargest(removed);
            mayBe -= removed;
          }
        }
        if (perAddress === undefined) return true;
        const theirs = Number(countOf.get(from)?.[0]);
        if (theirs < perAddress) return true;
        const removed = Number(removeOldest.run(from, now - settled, theirs - perAddress + 1).changes);
        return theirs - removed < perAddress;
      }),
  };
}

interface Registrant {
  readonly from: string;
  /** How many registrations it has. */
  readonly held: number;
}

/** Of so many who have as many it is looked whose is the oldest; where there are more, chance decides. */
const maxCompared = 100;

/**
 * Whose how many have to go: of those with most first, so that nobody has more than another who loses some,
 * and among those with as many the oldest, if these are few.
 * @param ageOf when a registrant's registration was made that has so many older ones
 */
export function surplusOf(
  all: readonly Registrant[],
  count: number,
  ageOf: (from: string, at: number) => number,
): { readonly from: string; readonly surplus: number }[] {
  const largest = all.toSorted((left, right) => right.held - left.held);
  // The level to which those with most come down, and how many go by that.
  let [level, above, withMore] = [largest[0]?.held ?? 0, 0, 0];
  while (level > 0) {
    while ((largest[withMore]?.held ?? 0) >= level) withMore++;
    if (above + withMore > count) break;
    above += withMore;
    level--;
  }
  const trimmed = largest.slice(0, withMore).map(({ from, held }) => ({ from, surplus: held - level }));
  const compared =
    trimmed.length > maxCompared
      ? trimmed
      : trimmed
          .map(({ from, surplus }) => ({ from, age: ageOf(from, surplus) }))
          .toSorted((left, right) => left.age - right.age);
  const oneMore = new Set(compared.slice(0, count - above).map(({ from }) => from));
  return trimmed
    .map(({ from, surplus }) => ({ from, surplus: surplus + (oneMore.has(from) ? 1 : 0) }))
    .filter(({ surplus }) => surplus > 0);
}
