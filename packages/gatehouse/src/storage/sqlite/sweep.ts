import type { Store } from "../../oauth/store.ts";
import type { Database } from "./database.ts";
import { age, notUnderWay, unused } from "./registrations.ts";

/** Codes stay past their expiry, so that a replay is still told from a stranger (F04). */
const codeRetentionSeconds = 3600;

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
       select id from oauth2_clients where dynamically_registered = 1 and vouched = 0 and coalesce(last_used_at, created_at) <= ?
         and not exists (select 1 from gatehouse_grants g where g.client_id = oauth2_clients.id)
       order by coalesce(last_used_at, created_at) limit ?)`,
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
  return {
    sweep: (now, limit, clientIdle, clientUnused = clientIdle) =>
      database.write(() => {
        carryUse.run(now, limit);
        return {
          accessTokens: Number(accessTokens.run(now, limit).changes),
          grants: Number(grants.run(now, limit).changes),
          sessions: Number(sessions.run(now, limit).changes),
          assertions: Number(assertions.run(now, limit).changes),
          transactions: Number(transactions.run(now, limit).changes),
          invitations: Number(invitations.run(now, limit).changes),
          ceremonies: Number(ceremonies.run(now, limit).changes),
          codes: Number(codes.run(now - codeRetentionSeconds, limit).changes),
          clients: Number(clients.run(now - clientIdle, limit).changes),
          unusedClients: Number(unusedClients.run(now - clientUnused, limit).changes),
          credentials: Number(credentials.run(now - signInSeconds, limit).changes),
        };
      }),
  };
}
