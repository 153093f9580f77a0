import type { Account } from "../../oauth/records.ts";
import type { PasskeyStore } from "../../oauth/store/passkeys.ts";
import { found } from "../layout.ts";
import { accounts } from "../layouts.ts";
import { ceremonies, passkeys, toPasskeyPerson } from "../passkey-layouts.ts";
import type { Database } from "./database.ts";
import { insertInto, placeholders, valuesOf } from "./dialect.ts";

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

export function passkeyOperations(database: Database): PasskeyOperations {
  const store = database.prepare(
    `insert into gatehouse_passkeys (${passkeys.columns}) values (${placeholders(passkeys.names.length)})
     on conflict (id) do nothing`,
  );
  const findUnblocked = database.prepare(
    "select subject from gatehouse_accounts where subject = ? and blocked_at is null",
  );
  const count = database.prepare("select count(*) from gatehouse_passkeys where subject = ?");
  const remove = database.prepare("delete from gatehouse_passkeys where subject = ? and id = ?");
  const isTheirs = database.prepare("select 1 from gatehouse_passkeys where subject = ? and id = ?");
  const find = database.prepare(`select ${passkeys.columns} from gatehouse_passkeys where id = ?`);
  const findAccount = database.prepare(
    `select ${accounts.columns} from gatehouse_accounts where subject = ?`,
  );
  const list = database.prepare(
    `select ${passkeys.columns} from gatehouse_passkeys where subject = ? order by created_at, id`,
  );
  const use = database.prepare(
    `update gatehouse_passkeys set counter = ?1, backed_up = ?2, last_used_at = ?3
     where id = ?4 and (counter < ?1 or (counter = 0 and ?1 = 0))`,
  );
  const listPeople = database.prepare(
    `select ${accounts.columns}, (select max(p.group_names) from gatehouse_passkeys as p where p.subject = a.subject)
     from gatehouse_accounts as a where exists (select 1 from gatehouse_passkeys as q where q.subject = a.subject)`,
  );
  const changeGroups = database.prepare("update gatehouse_accounts set group_names = ? where subject = ?");
  const strays = database.prepare("select count(*) from gatehouse_passkeys where rp_id <> ?");
  return {
    addPasskey: (passkey, limit) =>
      database.write(() => {
        const { subject } = passkey;
        if (findUnblocked.get(subject) === undefined) return "gone";
        if (Number(count.get(subject)?.[0]) >= limit) return "full";
        return store.run(...valuesOf(passkeys, passkey)).changes === 1 ? "added" : "known";
      }),
    removePasskey: (subject, id) =>
      database.write(() => {
        if (isTheirs.get(subject, id) === undefined) return "gone";
        if (Number(count.get(subject)?.[0]) === 1) return "last";
        remove.run(subject, id);
        return "removed";
      }),
    findPasskey: (id) =>
      database.read(() => {
        const passkey = found(find.get(id), passkeys);
        if (passkey === undefined) return undefined;
        const account = found(findAccount.get(passkey.subject), accounts) as Account; // by its foreign key
        return { passkey, account };
      }),
    listPasskeys: (subject) => database.read(() => list.all(subject).map(passkeys.read)),
    usePasskey: (id, { counter, backedUp, at }) =>
      database.write(() => use.run(counter, Number(backedUp), at, id).changes === 1),
    listPasskeyPeople: () => database.read(() => listPeople.all().map(toPasskeyPerson)),
    changeGroups: (subject, groups) =>
      database.write(() => void changeGroups.run(JSON.stringify(groups), subject)),
    countStrayPasskeys: (rpId) => database.read(() => Number(strays.get(rpId)?.[0])),
    ...ceremonyOperations(database),
  };
}

function ceremonyOperations(database: Database): CeremonyOperations {
  const begin = insertInto(database, "gatehouse_ceremonies", ceremonies);
  const find = database.prepare(
    `select ${ceremonies.columns} from gatehouse_ceremonies where id = ? and expires_at > ?`,
  );
  const take = database.prepare(
    `delete from gatehouse_ceremonies where id = ? and expires_at > ? returning ${ceremonies.columns}`,
  );
  return {
    beginCeremony: (ceremony) => database.write(() => begin(ceremony)),
    findCeremony: (secretHash, now) => database.read(() => found(find.get(secretHash, now), ceremonies)),
    takeCeremony: (secretHash, now) => database.write(() => found(take.get(secretHash, now), ceremonies)),
  };
}
