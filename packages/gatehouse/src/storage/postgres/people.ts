import type { SignInOutcome } from "../../oauth/store/people.ts";
import type { Store } from "../../oauth/store.ts";
import { seconds } from "../../oauth/values.ts";
import { found } from "../layout.ts";
import { accounts, browserSessions, knownAccounts } from "../layouts.ts";
import { addressBook } from "./addresses.ts";
import { instant } from "./column-types.ts";
import { type Database, Undo } from "./database.ts";
import { parameters, valuesOf } from "./dialect.ts";

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
     values (${parameters(accounts, 2)}, $1, $1)
     on conflict (subject) do update set
       provider = excluded.provider, email = excluded.email, name = excluded.name, group_names = excluded.group_names,
       confirmed_at = excluded.confirmed_at, signed_in_at = excluded.signed_in_at
       where gatehouse_accounts.blocked_at is null`,
  );
  const open = database.prepare(
    "insert into gatehouse_browser_sessions (id, subject, auth_time, last_seen_at, expires_at, sid) values ($1, $2, $3, $3, $4, $5)",
  );
  const end = database.prepare("delete from gatehouse_browser_sessions where id = $1");
  const find = database.prepare(
    `update gatehouse_browser_sessions as s set last_seen_at = $2 from gatehouse_accounts as a
     where s.id = $1 and s.last_seen_at > $3 and s.expires_at > $2 and a.subject = s.subject
     returning ${browserSessions.columns}`,
  );
  const keepCredential = database.prepare(
    "update gatehouse_accounts set upstream_credential = $1 where subject = $2",
  );
  const lookUp = (which: string) =>
    database.prepare(`select ${knownAccounts.columns} from gatehouse_accounts ${which}`);
  const bySubject = lookUp("where subject = $1");
  const byEmail = lookUp("where lower(email) = lower($1) order by created_at");
  const all = lookUp("order by created_at desc, subject");
  const endAll = database.prepare("delete from gatehouse_browser_sessions where subject = $1");
  return {
    openSession: ({ sessionHash, replaces, account, authTime, expiresAt, sid = null, credential }) =>
      database.transaction<SignInOutcome>(async (run) => {
        // The account's row first, as whoever ends what is the person's takes it.
        const former = await addresses.addressOf(run, account.subject);
        const remembered = await run(rememberAccount, instant(authTime), ...valuesOf(accounts, account));
        if (remembered.changes === 0) return { outcome: "blocked" };
        const holder = await addresses.assign(run, account, former);
        if (holder !== undefined) throw new Undo<SignInOutcome>({ outcome: "address_held", holder });
        if (credential !== undefined) await run(keepCredential, credential, account.subject);
        if (replaces !== undefined) await run(end, replaces);
        await run(open, sessionHash, account.subject, instant(authTime), instant(expiresAt), sid);
        return { outcome: "opened", formerEmail: former === account.email ? undefined : former };
      }),
    findSession: async (sessionHash, now, idle) => {
      const idleSince = seconds(now - idle);
      const [row] = (await database.run(find, sessionHash, instant(now), instant(idleSince))).rows;
      return found(row, browserSessions);
    },
    endSession: async (sessionHash) => void (await database.run(end, sessionHash)),
    endSessionsOf: async (subject) => (await database.run(endAll, subject)).changes,
    findAccount: async (subject) => found((await database.run(bySubject, subject)).rows[0], knownAccounts),
    findAccounts: async (email) => (await database.run(byEmail, email)).rows.map(knownAccounts.read),
    listAccounts: async () => (await database.run(all)).rows.map(knownAccounts.read),
  };
}
