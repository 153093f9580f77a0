import type { Store } from "../../oauth/store.ts";
import { keyCountColumns, knownKeys, toGrantCount } from "../key-layout.ts";
import { startedAfterOthers } from "../key-starts.ts";
import type { Database } from "./database.ts";

type KeyOperations = Pick<Store, "findKeys" | "startWithKeys" | "forgetKeys" | "countGrants">;

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
  const people = database.prepare(`select count(distinct subject) from ${refreshable}`);
  const byKey = database.prepare(`select ${keyCountColumns} from ${refreshable} group by key_id`);
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
    countGrants: (now) => database.read(() => toGrantCount(people.get(now), byKey.all(now))),
  };
}
