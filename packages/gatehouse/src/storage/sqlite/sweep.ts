import type { Store } from "../../oauth/store.ts";
import { stepByStep } from "../ending.ts";
import type { Database, Statement } from "./database.ts";
import { rowsAtOnce } from "./ending.ts";
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
  const expired = (table: string, key: string) =>
    database.prepare(
      `delete from ${table} where ${key} in (select ${key} from ${table} where expires_at <= ? order by expires_at limit ?)`,
    );
  // Every token of ours has a grant. The others were minted elsewhere, and are not ours to delete.
  const accessTokens = database.prepare(
    `delete from user_tokens where token in
       (select token from user_tokens where expires_at <= ? and grant_id is not null order by expires_at limit ?)`,
  );
  const sessions = expired("gatehouse_browser_sessions", "id");
  const transactions = expired("oauth2_sessions", "id");
  const assertions = expired("gatehouse_client_assertions", "id");
  const invitations = expired("gatehouse_invitations", "id");
  const ceremonies = expired("gatehouse_ceremonies", "id");
  const budgets = database.prepare(
    "delete from gatehouse_budgets where id in (select id from gatehouse_budgets where window_start <= ? order by window_start limit ?)",
  );
  const codes = database.prepare(
    "delete from oauth2_codes where id in (select id from oauth2_codes where created_at <= ? order by created_at limit ?)",
  );
  // A client's last use includes the refreshes of the grants that go now (H20).
  const carryUse = database.prepare(
    `update oauth2_clients set last_used_at = max(coalesce(oauth2_clients.last_used_at, 0), dead.rotated_at)
     from (select client_id, max(rotated_at) as rotated_at from
             (select client_id, rotated_at from gatehouse_grants where expires_at <= ? order by expires_at limit ?)
           group by client_id) as dead
     where oauth2_clients.id = dead.client_id`,
  );
  const grants = expired("gatehouse_grants", "id");
  const clients = database.prepare(
    `delete from oauth2_clients where id in (
       select id from oauth2_clients where dynamically_registered = 1 and registered_from is null and vouched = 0 and ${age} <= ?
         and not exists (select 1 from gatehouse_grants g where g.client_id = oauth2_clients.id)
       order by ${age} limit ?)`,
  );
  const unusedClients = database.prepare(
    `delete from oauth2_clients where id in (
       select id from ${unused} and ${age} <= ? and ${notUnderWay} order by ${age} limit ?)`,
  );
  // Whoever signed in lately may be about to have a grant.
  const credentials = database.prepare(
    `update gatehouse_accounts set upstream_credential = null where subject in (
       select subject from gatehouse_accounts as a where upstream_credential is not null and signed_in_at <= ?
         and not exists (select 1 from gatehouse_grants as g where g.subject = a.subject)
       order by signed_in_at limit ?)`,
  );
  /** In writes of a few rows, because whoever else writes waits for each as a whole. */
  const sweepAll = (limit: number, sweepSome: (atMost: number) => { readonly changes: number | bigint }) => {
    let swept = 0;
    return stepByStep(async () => {
      const atMost = Math.min(limit - swept, rowsAtOnce);
      const changes = await database.write(() => Number(sweepSome(atMost).changes));
      swept += changes;
      return changes < atMost || swept >= limit ? swept : undefined;
    });
  };
  return {
    sweep: async (now, limit, clientIdle, clientUnused = clientIdle) => {
      const went = (statement: Statement, ago = 0) =>
        sweepAll(limit, (atMost) => statement.run(now - ago, atMost));
      return {
        accessTokens: await went(accessTokens),
        grants: await sweepAll(limit, (atMost) => {
          carryUse.run(now, atMost);
          return grants.run(now, atMost);
        }),
        sessions: await went(sessions),
        assertions: await went(assertions),
        transactions: await went(transactions, transactionRetentionSeconds),
        invitations: await went(invitations),
        ceremonies: await went(ceremonies),
        budgets: await went(budgets, budgetRetentionSeconds),
        codes: await went(codes, codeRetentionSeconds),
        clients: await went(clients, clientIdle),
        unusedClients: await went(unusedClients, Math.min(clientUnused, clientIdle)),
        credentials: await went(credentials, signInSeconds),
      };
    },
  };
}
