import type { Store } from "../../oauth/store.ts";
import { found } from "../layout.ts";
import { accounts, browserSessions } from "../layouts.ts";
import type { Database } from "./database.ts";
import { placeholders, valuesOf } from "./dialect.ts";

type PeopleOperations = Pick<
  Store,
  "openSession" | "findSession" | "endSession" | "findAccounts" | "removeAccount"
>;

export function peopleOperations(database: Database): PeopleOperations {
  const rememberAccount = database.prepare(
    `insert into gatehouse_accounts (${accounts.columns}, created_at, signed_in_at)
     values (${placeholders(accounts.names.length + 2)})
     on conflict (subject) do update set
       provider = excluded.provider, email = excluded.email, name = excluded.name, group_names = excluded.group_names,
       confirmed_at = excluded.confirmed_at, signed_in_at = excluded.signed_in_at`,
  );
  const open = database.prepare(
    "insert into gatehouse_browser_sessions (id, subject, auth_time, last_seen_at, expires_at) values (?, ?, ?, ?, ?)",
  );
  const end = database.prepare("delete from gatehouse_browser_sessions where id = ?");
  const find = database.prepare(
    `select ${browserSessions.columns} from gatehouse_browser_sessions as s
     join gatehouse_accounts as a on a.subject = s.subject
     where s.id = ? and s.last_seen_at > ? and s.expires_at > ?`,
  );
  const touch = database.prepare("update gatehouse_browser_sessions set last_seen_at = ? where id = ?");
  const findAccounts = database.prepare(
    `select ${accounts.columns} from gatehouse_accounts where lower(email) = lower(?) order by created_at`,
  );
  const removeTokens = database.prepare(
    "delete from user_tokens where grant_id in (select id from gatehouse_grants where subject = ?)",
  );
  // Sessions, consents and passkeys go with the account by their foreign keys.
  const removals = [
    "delete from gatehouse_grants where subject = ?",
    "delete from oauth2_codes where subject = ?",
    "delete from oauth2_sessions where subject = ?",
    "delete from gatehouse_invitations where subject = ?",
  ].map((sql) => database.prepare(sql));
  const removeAccount = database.prepare("delete from gatehouse_accounts where subject = ?");
  return {
    openSession: ({ sessionHash, replaces, account, authTime, expiresAt }) =>
      database.write(() => {
        if (replaces !== undefined) end.run(replaces);
        rememberAccount.run(...valuesOf(accounts, account), authTime, authTime);
        open.run(sessionHash, account.subject, authTime, authTime, expiresAt);
      }),
    findSession: (sessionHash, now, idle) =>
      database.write(() => {
        const session = found(find.get(sessionHash, now - idle, now), browserSessions);
        if (session !== undefined) touch.run(now, sessionHash);
        return session;
      }),
    endSession: (sessionHash) => database.write(() => void end.run(sessionHash)),
    findAccounts: (email) => database.read(() => findAccounts.all(email).map(accounts.read)),
    removeAccount: (subject) =>
      database.write(() => {
        removeTokens.run(subject);
        for (const removal of removals) removal.run(subject);
        return removeAccount.run(subject).changes === 1;
      }),
  };
}
