import type { PasskeyStore } from "../../oauth/store/passkeys.ts";
import { found } from "../layout.ts";
import { accounts } from "../layouts.ts";
import { ceremonies, passkeys, toPasskeyPerson } from "../passkey-layouts.ts";
import { instant } from "./column-types.ts";
import { type Database, Undo } from "./database.ts";
import { columnsOf, parameters, valuesOf } from "./dialect.ts";

type PasskeyOperations = Pick<
  PasskeyStore,
  | "addPasskey"
  | "removePasskey"
  | "findPasskey"
  | "listPasskeys"
  | "usePasskey"
  | "listPasskeyPeople"
  | "changeGroups"
  | "countStrayPasskeys"
  | keyof CeremonyOperations
>;
type CeremonyOperations = Pick<PasskeyStore, "beginCeremony" | "findCeremony" | "takeCeremony">;

/** Its counter has all 32 bits of an unsigned number, so the columns' own types decide. */
export const passkeyValues = passkeys.names.map((_name, at) => `$${at + 1}`).join(", ");

export function passkeyOperations(database: Database): PasskeyOperations {
  // Whoever adds one waits for whoever is adding another to the same person, so that the count is right.
  const lock = database.prepare(
    "select subject from gatehouse_accounts where subject = $1 and blocked_at is null for update",
  );
  const count = database.prepare("select count(*) from gatehouse_passkeys where subject = $1");
  // The same for who removes one; a person who is blocked may have fewer.
  const take = database.prepare("select subject from gatehouse_accounts where subject = $1 for update");
  const isTheirs = database.prepare("select id from gatehouse_passkeys where subject = $1 and id = $2");
  const remove = database.prepare("delete from gatehouse_passkeys where subject = $1 and id = $2");
  const store = database.prepare(
    `insert into gatehouse_passkeys (${passkeys.columns}) values (${passkeyValues}) on conflict (id) do nothing`,
  );
  const find = database.prepare(
    `select ${columnsOf(passkeys, "p")}, ${columnsOf(accounts, "a")}
     from gatehouse_passkeys as p, gatehouse_accounts as a where p.id = $1 and a.subject = p.subject`,
  );
  const list = database.prepare(
    `select ${passkeys.columns} from gatehouse_passkeys where subject = $1 order by created_at, id`,
  );
  const use = database.prepare(
    `update gatehouse_passkeys set counter = $2, backed_up = $3, last_used_at = $4
     where id = $1 and (counter < $2 or (counter = 0 and $2 = 0))`,
  );
  const listPeople = database.prepare(
    `select ${columnsOf(accounts, "a")}, (select max(p.group_names) from gatehouse_passkeys as p where p.subject = a.subject)
     from gatehouse_accounts as a where exists (select 1 from gatehouse_passkeys as q where q.subject = a.subject)`,
  );
  const changeGroups = database.prepare("update gatehouse_accounts set group_names = $2 where subject = $1");
  const strays = database.prepare("select count(*) from gatehouse_passkeys where rp_id <> $1");
  return {
    addPasskey: (passkey, limit) =>
      database.transaction(async (run) => {
        if ((await run(lock, passkey.subject)).rows.length === 0) return "gone";
        const [row] = (await run(count, passkey.subject)).rows;
        if (Number(row?.[0]) >= limit) return "full";
        if ((await run(store, ...valuesOf(passkeys, passkey))).changes === 1) return "added";
        throw new Undo("known" as const);
      }),
    removePasskey: (subject, id) =>
      database.transaction(async (run) => {
        await run(take, subject);
        if ((await run(isTheirs, subject, id)).rows.length === 0) return "gone";
        if (Number((await run(count, subject)).rows[0]?.[0]) === 1) return "last";
        await run(remove, subject, id);
        return "removed";
      }),
    findPasskey: async (id) => {
      const [row] = (await database.run(find, id)).rows;
      if (row === undefined) return undefined;
      return { passkey: passkeys.read(row), account: accounts.read(row.slice(passkeys.names.length)) };
    },
    listPasskeys: async (subject) => (await database.run(list, subject)).rows.map(passkeys.read),
    usePasskey: async (id, { counter, backedUp, at }) =>
      (await database.run(use, id, counter, backedUp, instant(at))).changes === 1,
    listPasskeyPeople: async () => (await database.run(listPeople)).rows.map(toPasskeyPerson),
    changeGroups: async (subject, groups) =>
      void (await database.run(changeGroups, subject, JSON.stringify(groups))),
    countStrayPasskeys: async (rpId) => Number((await database.run(strays, rpId)).rows[0]?.[0]),
    ...ceremonyOperations(database),
  };
}

function ceremonyOperations(database: Database): CeremonyOperations {
  const begin = database.prepare(
    `insert into gatehouse_ceremonies (${ceremonies.columns}) values (${parameters(ceremonies, 1)})`,
  );
  const find = database.prepare(
    `select ${ceremonies.columns} from gatehouse_ceremonies where id = $1 and expires_at > $2`,
  );
  const take = database.prepare(
    `delete from gatehouse_ceremonies where id = $1 and expires_at > $2 returning ${ceremonies.columns}`,
  );
  return {
    beginCeremony: async (ceremony) => void (await database.run(begin, ...valuesOf(ceremonies, ceremony))),
    findCeremony: async (secretHash, now) =>
      found((await database.run(find, secretHash, instant(now))).rows[0], ceremonies),
    takeCeremony: async (secretHash, now) =>
      found((await database.run(take, secretHash, instant(now))).rows[0], ceremonies),
  };
}
