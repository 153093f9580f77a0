import type { Store } from "../../oauth/store.ts";
import { keyCountColumns, knownKeys, toGrantCount } from "../key-layout.ts";
import { startedAfterOthers } from "../key-starts.ts";
import { instant } from "./column-types.ts";
import type { Database } from "./database.ts";

type KeyOperations = Pick<Store, "findKeys" | "startWithKeys" | "forgetKeys" | "countGrants">;

export function keyOperations(database: Database): KeyOperations {
  const list = database.prepare(
    `select ${knownKeys.columns} from gatehouse_keys order by started_at is null, started_at desc, fingerprint`,
  );
  const refreshable = "gatehouse_grants where expires_at > $1 and generation > 0";
  const anyLive = database.prepare(`select id from ${refreshable} limit 1`);
  const note = database.prepare(
    "insert into gatehouse_keys (fingerprint, since) values ($1, $2) on conflict (fingerprint) do nothing",
  );
  const start = database.prepare("update gatehouse_keys set started_at = $2 where fingerprint = $1");
  const forget = database.prepare("delete from gatehouse_keys where fingerprint = any($1)");
  const people = database.prepare(`select count(distinct subject) from ${refreshable}`);
  const byKey = database.prepare(`select ${keyCountColumns} from ${refreshable} group by key_id`);
  return {
    findKeys: async (now) => {
      const [known, live] = await Promise.all([database.run(list), database.run(anyLive, instant(now))]);
      return { known: known.rows.map(knownKeys.read), live: live.rows.length > 0 };
    },
    startWithKeys: (fingerprints, now, anyway) =>
      database.transaction(async (run) => {
        const known = (await run(list)).rows.map(knownKeys.read);
        const live = (await run(anyLive, instant(now))).rows.length > 0;
        const strange = !known.some(({ fingerprint }) => fingerprints.includes(fingerprint));
        if (live && known.length > 0 && strange && !anyway) return false;
        if (live && known.length === 0) for (const each of fingerprints) await run(note, each, null);
        else await run(note, fingerprints[0], instant(now));
        await run(start, fingerprints[0], instant(startedAfterOthers(known, fingerprints[0], now)));
        return true;
      }),
    forgetKeys: async (fingerprints) => (await database.run(forget, fingerprints)).changes,
    countGrants: async (now) => {
      const asked = [people, byKey].map((statement) => database.run(statement, instant(now)));
      const [all, each] = await Promise.all(asked);
      return toGrantCount(all?.rows[0], each?.rows ?? []);
    },
  };
}
