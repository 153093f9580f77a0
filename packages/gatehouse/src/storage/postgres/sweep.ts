import type { Store } from "../../oauth/store.ts";
import { seconds } from "../../oauth/values.ts";
import { instant } from "./column-types.ts";
import type { Database } from "./database.ts";
import { age, notUnderWay, unused } from "./registrations.ts";

/** Codes stay past their expiry, so that a replay is still told from a stranger (F04). */
const codeRetentionSeconds = 3600;

/** Transactions stay as well, so that one that took too long is told from one that was answered. */
const transactionRetentionSeconds = 900;

/** Longer than any window. */
const budgetRetentionSeconds = 86_400;

/** From a sign-in to the grant that comes of it: a transaction and a code, with room. */
const signInSeconds = 86_400;

export function sweepOperation(database: Database): Pick<Store, "sweep"> {
  // The condition stands twice: once to find rows by index, once because a row may have changed until it is
  // this statement's turn.
  const dead = (table: string, key: string, died = "expires_at") =>
    `delete from ${table} where ${key} in (select ${key} from ${table} where ${died} <= $1 order by ${died} limit $2) and ${died} <= $1`;
  // Every token of ours has a grant. The others were minted elsewhere, and are not ours to delete.
  const ours = "user_tokens where grant_id is not null and expires_at <= $1";
  const accessTokens = database.prepare(
    `delete from ${ours} and token in (select token from ${ours} order by expires_at limit $2)`,
  );
  const sessions = database.prepare(dead("gatehouse_browser_sessions", "id"));
  const transactions = database.prepare(dead("oauth2_sessions", "id"));
  const assertions = database.prepare(dead("gatehouse_client_assertions", "id"));
  const invitations = database.prepare(dead("gatehouse_invitations", "id"));
  const ceremonies = database.prepare(dead("gatehouse_ceremonies", "id"));
  const budgets = database.prepare(dead("gatehouse_budgets", "id", "window_start"));
  const codes = database.prepare(dead("oauth2_codes", "id", "created_at"));
  // A client's last use includes the refreshes of the grants that go now (H20).
  const grants = database.prepare(
    `with dead as (
       ${dead("gatehouse_grants", "id")} returning id, client_id, rotated_at
     ), latest as (
       select client_id, max(rotated_at) as rotated_at from dead group by client_id
     ), noted as (
       update oauth2_clients set last_used_at = latest.rotated_at from latest
       where oauth2_clients.id = latest.client_id and (last_used_at is null or last_used_at < latest.rotated_at)
       returning oauth2_clients.id
     )
     select id from dead`,
  );
  const idle = `dynamically_registered and not vouched and coalesce(last_used_at, created_at) <= $1
    and not exists (select 1 from gatehouse_grants as g where g.client_id = oauth2_clients.id)`;
  const clients = database.prepare(
    `delete from oauth2_clients where id in (
       select id from oauth2_clients where ${idle} order by coalesce(last_used_at, created_at) limit $2) and ${idle}`,
  );
  const unusedFor = `${unused} and ${age} <= $1`;
  const unusedClients = database.prepare(
    `delete from oauth2_clients where id in (
       select id from oauth2_clients where ${unusedFor} and ${notUnderWay} order by ${age} limit $2) and ${unusedFor}`,
  );
  // Whoever signed in lately may be about to have a grant.
  const needless = `upstream_credential is not null and signed_in_at <= $1
    and not exists (select 1 from gatehouse_grants as g where g.subject = gatehouse_accounts.subject)`;
  const credentials = database.prepare(
    `update gatehouse_accounts set upstream_credential = null where subject in (
       select subject from gatehouse_accounts where ${needless} order by signed_in_at limit $2) and ${needless}`,
  );
  return {
    // One transaction a kind: nobody notices rows that died, so nothing is gained by holding them all until
    // the last one went.
    sweep: async (now, limit, clientIdle, clientUnused = clientIdle) => {
      const went = async (statement: typeof codes, ago = 0) =>
        (await database.run(statement, instant(seconds(now - ago)), limit)).changes;
      return {
        accessTokens: await went(accessTokens),
        grants: await went(grants),
        sessions: await went(sessions),
        transactions: await went(transactions, transactionRetentionSeconds),
        assertions: await went(assertions),
        invitations: await went(invitations),
        ceremonies: await went(ceremonies),
        budgets: await went(budgets, budgetRetentionSeconds),
        codes: await went(codes, codeRetentionSeconds),
        clients: await went(clients, clientIdle),
        unusedClients: await went(unusedClients, clientUnused),
        credentials: await went(credentials, signInSeconds),
      };
    },
  };
}
