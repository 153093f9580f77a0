import type { Store } from "../../oauth/store.ts";
import { seconds } from "../../oauth/values.ts";
import { found } from "../layout.ts";
import { accounts, browserSessions } from "../layouts.ts";
import { instant } from "./column-types.ts";
import type { Database } from "./database.ts";
import { parameters, valuesOf } from "./dialect.ts";

type PeopleOperations = Pick<
  Store,
  "openSession" | "findSession" | "endSession" | "findAccounts" | "removeAccount"
>;

export function peopleOperations(database: Database): PeopleOperations {
  const rememberAccount = database.prepare(
    `insert into gatehouse_accounts (${accounts.columns}, created_at, signed_in_at) 
     values (${parameters(accounts, 2)}, $1, $1)
     on conflict (subject) do update set
       provider = excluded.provider, email = excluded.email, name = excluded.name, group_names = excluded.group_names,
       confirmed_at = excluded.confirmed_at, signed_in_at = excluded.signed_in_at`,
  );
  const open = database.prepare(
    "insert into gatehouse_browser_sessions (id, subject, auth_time, last_seen_at, expires_at) values ($1, $2, $3, $3, $4)",
  );
  const end = database.prepare("delete from gatehouse_browser_sessions where id = $1");
  const find = database.prepare(
    `update gatehouse_browser_sessions as s set last_seen_at = $2 from gatehouse_accounts as a
     where s.id = $1 and s.last_seen_at > $3 and s.expires_at > $2 and a.subject = s.subject
     returning ${browserSessions.columns}`,
  );
  const findAccounts = database.prepare(
    `select ${accounts.columns} from gatehouse_accounts where lower(email) = lower($1)
     order by created_at`,
  );
  const removeTransactions = database.prepare("delete from oauth2_sessions where subject = $1");
  const removeCodes = database.prepare("delete from oauth2_codes where subject = $1");
  const removeGrants = database.prepare("delete from gatehouse_grants where subject = $1 returning id");
  const removeTokens = database.prepare("delete from user_tokens where grant_id = any($1)");
  const removeInvitations = database.prepare("delete from gatehouse_invitations where subject = $1");
  // Sessions, consents and passkeys go with the account by their foreign keys.
  const removeAccount = database.prepare("delete from gatehouse_accounts where subject = $1");
  return {
    openSession: ({ sessionHash, replaces, account, authTime, expiresAt }) =>
      database.transaction(async (run) => {
        if (replaces !== undefined) await run(end, replaces);
        await run(rememberAccount, instant(authTime), ...valuesOf(accounts, account));
        await run(open, sessionHash, account.subject, instant(authTime), instant(expiresAt));
      }),
    findSession: async (sessionHash, now, idle) => {
      const idleSince = seconds(now - idle);
      const [row] = (await database.run(find, sessionHash, instant(now), instant(idleSince))).rows;
      return found(row, browserSessions);
    },
    endSession: async (sessionHash) => void (await database.run(end, sessionHash)),
    findAccounts: async (email) => (await database.run(findAccounts, email)).rows.map(accounts.read),
    removeAccount: (subject) =>
      database.transaction(async (run) => {
        await run(removeInvitations, subject);
        // In the order in which one becomes the other: what moves on at this moment is met at its next
        // station.
        await run(removeTransactions, subject);
        await run(removeCodes, subject);
        const grants = (await run(removeGrants, subject)).rows.map(([grantId]) => grantId as string);
        await run(removeTokens, grants);
        return (await run(removeAccount, subject)).changes === 1;
      }),
  };
}
