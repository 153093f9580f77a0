import type { Store } from "../../oauth/store.ts";
import type { Subject } from "../../oauth/values.ts";
import { endedInSteps } from "../ending.ts";
import { grants } from "../layouts.ts";
import type { Database } from "./database.ts";
import { grantEnding } from "./ending.ts";

type OffBoardingOperations = Pick<
  Store,
  "findHoldings" | "blockAccount" | "unblockAccount" | "removeAccount"
>;

/** More than anybody has, so that a person's end in one step, unless a program made them. */
const grantsAtOnce = 500;

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
  const endGrants = grantEnding(database, "subject", grantsAtOnce);
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
  // Where the audit trail mentions an address of theirs: it goes, and the records stay.
  const forgetMentions = [
    "subject = ?",
    "folded in (select lower(email) from gatehouse_accounts where subject = ? and email > '')",
    "folded in (select lower(address) from gatehouse_addresses where subject = ?)",
    "folded in (select lower(upstream_subject) from gatehouse_accounts where subject = ?)",
  ].map((which) => database.prepare(`delete from gatehouse_audit_addresses where ${which}`));
  const removeUnblocked = database.prepare(
    "delete from gatehouse_accounts where subject = ? and blocked_at is null",
  );
  const forget = database.prepare(
    `update gatehouse_accounts set email = '', name = null, group_names = '[]', confirmed_at = null, upstream_credential = null
     where subject = ?`,
  );

  /** A part of what lives of a person's, with all that could become more of it. */
  function endSome(subject: Subject) {
    endTransactions.run(subject);
    endUsedCodes.run(subject);
    const ended = {
      sessions: Number(endSessions.run(subject).changes),
      codes: Number(endCodes.run(subject).changes),
      grants: endGrants(subject),
    };
    return { ended, isAll: ended.grants.length < grantsAtOnce };
  }

  return {
    findHoldings: (subject, now) =>
      database.read(() => ({
        sessions: Number(countSessions.get(subject, now)?.[0] ?? 0),
        grants: findGrants.all(subject, now).map(grants.read),
      })),
    blockAccount: (subject, now) =>
      endedInSteps(() =>
        database.write(() => (block.run(now, subject).changes === 0 ? undefined : endSome(subject))),
      ),
    unblockAccount: (subject) => database.write(() => unblock.run(subject).changes === 1),
    removeAccount: (subject) =>
      endedInSteps(() =>
        database.write(() => {
          const some = endSome(subject);
          if (!some.isAll) return some;
          if (isKnown.get(subject) === undefined) return undefined;
          for (const each of [...forgetMentions, ...forgetting]) each.run(subject);
          if (removeUnblocked.run(subject).changes === 0) forget.run(subject);
          return some;
        }),
      ),
  };
}
