import type { GrantCount } from "../../oauth/store/keys.ts";
import type { Store } from "../../oauth/store.ts";
import { stepByStep } from "../ending.ts";
import { keyCountColumns, knownKeys, toGrantCount } from "../key-layout.ts";
import { startedAfterOthers } from "../key-starts.ts";
import type { Database } from "./database.ts";

type KeyOperations = Pick<Store, "findKeys" | "startWithKeys" | "forgetKeys" | "countGrants">;

/** Grants that are counted at once, and the rest of the last person's: some milliseconds. */
const countedAtOnce = 1000;

export function keyOperations(database: Database): KeyOperations {
  const list = database.prepare(
    `select ${knownKeys.columns} from gatehouse_keys order by started_at desc, fingerprint`,
  );
  const refreshable = "gatehouse_grants where expires_at > ? and generation > 0";
  const live = database.prepare(`select 1 from ${refreshable} limit 1`);
  const note = database.prepare(
    "insert into gatehouse_keys (fingerprint, since, started_at) values (?, ?, ?) on conflict (fingerprint) do nothing",
  );
  const start = database.prepare("update gatehouse_keys set started_at = ? where fingerprint = ?");
  const forget = database.prepare("delete from gatehouse_keys where fingerprint = ?");
  const lastOfPart = database.prepare(
    "select subject from gatehouse_grants where subject > ? order by subject limit 1 offset ?",
  );
  // Whole people at a time, so that what is counted of each part can be added.
  const part = `${refreshable} and subject > ? and subject <= ?`;
  const people = database.prepare(`select count(distinct subject) from ${part}`);
  const byKey = database.prepare(`select ${keyCountColumns} from ${part} group by key_id`);
  const find = (now: number) => ({
    known: list.all().map(knownKeys.read),
    live: live.get(now) !== undefined,
  });
  return {
    findKeys: (now) => database.read(() => find(now)),
    startWithKeys: (fingerprints, now, anyway) =>
      database.write(() => {
        const { known, live } = find(now);
        const strange = !known.some(({ fingerprint }) => fingerprints.includes(fingerprint));
        if (live && known.length > 0 && strange && !anyway) return false;
        if (live && known.length === 0) for (const each of fingerprints) note.run(each, null, null);
        else note.run(fingerprints[0], now, now);
        start.run(startedAfterOthers(known, fingerprints[0], now), fingerprints[0]);
        return true;
      }),
    forgetKeys: (fingerprints) =>
      database.write(() => fingerprints.filter((each) => forget.run(each).changes === 1).length),
    countGrants: (now) => {
      const counted: GrantCount[] = [];
      let after = "";
      return stepByStep(() =>
        database.read(() => {
          const next = lastOfPart.get(after, countedAtOnce)?.[0];
          const upTo = next === undefined ? afterAllSubjects : String(next);
          counted.push(toGrantCount(people.get(now, after, upTo), byKey.all(now, after, upTo)));
          after = upTo;
          return next === undefined ? addedUp(counted) : undefined;
        }),
      );
    },
  };
}

/** Sorts behind every subject, which are ASCII. */
const afterAllSubjects = "\u{10ffff}";

function addedUp(parts: readonly GrantCount[]): GrantCount {
  const byKey = Map.groupBy(
    parts.flatMap((part) => part.byKey),
    ({ keyId }) => keyId,
  );
  return {
    people: sum(parts.map(({ people }) => people)),
    byKey: Array.from(byKey, ([keyId, some]) => ({
      keyId,
      grants: sum(some.map(({ grants }) => grants)),
      people: sum(some.map(({ people }) => people)),
    })),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
