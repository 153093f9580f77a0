import type { Store } from "../../oauth/store.ts";
import { found } from "../layout.ts";
import { accounts, browserSessions, knownAccounts } from "../layouts.ts";
import { addressBook } from "./addresses.ts";
import type { Database } from "./database.ts";
import { placeholders, valuesOf } from "./dialect.ts";

type PeopleOperations = Pick<
  Store,
  | "openSession"
  | "findSession"
  | "endSession"
  | "endSessionsOf"
  | "findAccount"
  | "findAccounts"
  | "listAccounts"
>;

export function peopleOperations(database: Database): PeopleOperations {
  const addresses = addressBook(database);
  const rememberAccount = database.prepare(
    `insert into gatehouse_accounts (${accounts.columns}, created_at, signed_in_at)
     values (${placeholders(accounts.names.length + 2)})
     on conflict (subject) do update set
       provider = excluded.provider, email = excluded.email, name = excluded.name, group_names = excluded.group_names,
       confirmed_at = excluded.confirmed_at, signed_in_at = excluded.signed_in_at
       where blocked_at is null`,
  );
  const open = database.prepare(
    "insert into gatehouse_browser_sessions (id, subject, auth_time, last_seen_at, expires_at, sid) values (?, ?, ?, ?, ?, ?)",
  );
  const end = database.prepare("delete from gatehouse_browser_sessions where id = ?");
  const find = database.prepare(
    `select ${browserSessions.columns} from gatehouse_browser_sessions as s
     join gatehouse_accounts as a on a.subject = s.subject
     where s.id = ? and s.last_seen_at > ? and s.expires_at > ?`,
  );
  const touch = database.prepare("update gatehouse_browser_sessions set last_seen_at = ? where id = ?");
  const keepCredential = database.prepare(
    "update gatehouse_accounts set upstream_credential = ? where subject = ?",
  );
  const lookUp = (which: string) =>
    database.prepare(`select ${knownAccounts.columns} from gatehouse_accounts ${which}`);
  const bySubject = lookUp("where subject = ?");
  const byEmail = lookUp("where lower(email) = lower(?) order by created_at");
  const all = lookUp("order by created_at desc, subject");
  const endAll = database.prepare("delete from gatehouse_browser_sessions where subject = ?");
  return {
    openSession: ({ sessionHash, replaces, account, authTime, expiresAt, sid = null, credential }) =>
      database.write(() => {
        const holder = addresses.otherHolder(account);
        if (holder !== undefined) return { outcome: "address_held", holder };
        const former = addresses.addressOf(account.subject);
        const { changes } = rememberAccount.run(...valuesOf(accounts, account), authTime, authTime);
        if (changes === 0) return { outcome: "blocked" };
        addresses.assign(account, former);
        if (credential !== undefined) keepCredential.run(credential, account.subject);
        if (replaces !== undefined) end.run(replaces);
        open.run(sessionHash, account.subject, authTime, authTime, expiresAt, sid);
        return { outcome: "opened", formerEmail: former === account.email ? undefined : former };
      }),
    findSession: (sessionHash, now, idle) =>
      database.write(() => {
        const session = found(find.get(sessionHash, now - idle, now), browserSessions);
        if (session !== undefined) touch.run(now, sessionHash);
        return session;
      }),
    endSession: (sessionHash) => database.write(() => void end.run(sessionHash)),
    endSessionsOf: (subject) => database.write(() => Number(endAll.run(subject).changes)),
    findAccount: (subject) => database.read(() => found(bySubject.get(subject), knownAccounts)),
    findAccounts: (email) => database.read(() => byEmail.all(email).map(knownAccounts.read)),
    listAccounts: () => database.read(() => all.all().map(knownAccounts.read)),
  };
}
