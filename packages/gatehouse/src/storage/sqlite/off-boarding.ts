import type { Store } from "../../oauth/store.ts";
import type { Subject } from "../../oauth/values.ts";
import { grants } from "../layouts.ts";
import type { Database } from "./database.ts";

type OffBoardingOperations = Pick<
  Store,
  "findHoldings" | "blockAccount" | "unblockAccount" | "removeAccount"
>;

export function offBoardingOperations(database: Database): OffBoardingOperations {
  const countSessions = database.prepare(
    "select count(*) from gatehouse_browser_sessions where subject = ? and expires_at > ?",
  );
  const findGrants = database.prepare(
    `select ${grants.columns} from gatehouse_grants where subject = ? and expires_at > ? order by created_at`,
  );
  const endSessions = database.prepare("delete from gatehouse_browser_sessions where subject = ?");
  const endTransactions = database.prepare("delete from oauth2_sessions where subject = ?");
  const endUsedCodes = database.prepare("delete from oauth2_codes where subject = ? and used = 1");
  const endCodes = database.prepare("delete from oauth2_codes where subject = ?");
  const endTokens = database.prepare(
    "delete from user_tokens where grant_id in (select id from gatehouse_grants where subject = ?)",
  );
  const endGrants = database.prepare(
    `delete from gatehouse_grants where subject = ? returning ${grants.columns}`,
  );
  const isKnown = database.prepare("select 1 from gatehouse_accounts where subject = ?");
  const block = database.prepare(
    "update gatehouse_accounts set blocked_at = coalesce(blocked_at, ?), upstream_credential = null where subject = ?",
  );
  const unblock = database.prepare(
    "update gatehouse_accounts set blocked_at = null where subject = ? and blocked_at is not null",
  );
  const forgetting = [
    "gatehouse_consents",
    "gatehouse_addresses",
    "gatehouse_passkeys",
    "gatehouse_invitations",
  ].map((table) => database.prepare(`delete from ${table} where subject = ?`));
  const removeUnblocked = database.prepare(
    "delete from gatehouse_accounts where subject = ? and blocked_at is null",
  );
  const forget = database.prepare(
    `update gatehouse_accounts set email = '', name = null, group_names = '[]', confirmed_at = null, upstream_credential = null
     where subject = ?`,
  );

  function endAll(subject: Subject) {
    endTransactions.run(subject);
    endUsedCodes.run(subject);
    endTokens.run(subject);
    return {
      sessions: Number(endSessions.run(subject).changes),
      codes: Number(endCodes.run(subject).changes),
      grants: endGrants.all(subject).map(grants.read),
    };
  }

  return {
    findHoldings: (subject, now) =>
      database.read(() => ({
        sessions: Number(countSessions.get(subject, now)?.[0] ?? 0),
        grants: findGrants.all(subject, now).map(grants.read),
      })),
    blockAccount: (subject, now) =>
      database.write(() => (block.run(now, subject).changes === 0 ? undefined : endAll(subject))),
    unblockAccount: (subject) => database.write(() => unblock.run(subject).changes === 1),
    removeAccount: (subject) =>
      database.write(() => {
        const ended = endAll(subject);
        if (isKnown.get(subject) === undefined) return undefined;
        for (const each of forgetting) each.run(subject);
        if (removeUnblocked.run(subject).changes === 0) forget.run(subject);
        return ended;
      }),
  };
}
