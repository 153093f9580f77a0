import type { Store } from "../../oauth/store.ts";
import type { Subject } from "../../oauth/values.ts";
import { endedInSteps } from "../ending.ts";
import { grants } from "../layouts.ts";
import { instant } from "./column-types.ts";
import type { Database, Run } from "./database.ts";
import { rowsAtOnce } from "./ending.ts";

type OffBoardingOperations = Pick<
  Store,
  "findHoldings" | "blockAccount" | "unblockAccount" | "removeAccount"
>;

export function offBoardingOperations(database: Database): OffBoardingOperations {
  const countSessions = database.prepare(
    "select id from gatehouse_browser_sessions where subject = $1 and expires_at > $2",
  );
  const findGrants = database.prepare(
    `select ${grants.columns} from gatehouse_grants where subject = $1 and expires_at > $2 order by created_at`,
  );
  const endSessions = database.prepare("delete from gatehouse_browser_sessions where subject = $1");
  const endTransactions = database.prepare("delete from oauth2_sessions where subject = $1");
  const endCodes = database.prepare("delete from oauth2_codes where subject = $1 returning used");
  const endGrants = database.prepare(
    `delete from gatehouse_grants where subject = $1
       and id in (select id from gatehouse_grants where subject = $1 limit ${rowsAtOnce}) returning ${grants.columns}`,
  );
  const isLeft = database.prepare("select id from gatehouse_grants where subject = $1 limit 1");
  const endTokens = database.prepare("delete from user_tokens where grant_id = any($1)");
  const block = database.prepare(
    "update gatehouse_accounts set blocked_at = coalesce(blocked_at, $2), upstream_credential = null where subject = $1",
  );
  const unblock = database.prepare(
    "update gatehouse_accounts set blocked_at = null where subject = $1 and blocked_at is not null",
  );
  const take = database.prepare("select subject from gatehouse_accounts where subject = $1 for update");
  const forgetting = [
    "gatehouse_consents",
    "gatehouse_addresses",
    "gatehouse_passkeys",
    "gatehouse_invitations",
  ].map((table) => database.prepare(`delete from ${table} where subject = $1`));
  // Where the audit trail mentions an address of theirs: it goes, and the records stay.
  const forgetMentions = [
    "subject = $1",
    "folded in (select lower(email) from gatehouse_accounts where subject = $1 and email > '')",
    "folded in (select lower(address) from gatehouse_addresses where subject = $1)",
    "folded in (select lower(upstream_subject) from gatehouse_accounts where subject = $1)",
  ].map((which) => database.prepare(`delete from gatehouse_audit_addresses where ${which}`));
  const removeUnblocked = database.prepare(
    "delete from gatehouse_accounts where subject = $1 and blocked_at is null",
  );
  const forget = database.prepare(
    `update gatehouse_accounts set email = '', name = null, group_names = '[]', confirmed_at = null, upstream_credential = null
     where subject = $1`,
  );

  /**
   * A part of what lives of a person's, in the order in which one becomes the other: what moves on at this
   * moment is met at its next station. The account's row is taken before, and by whoever makes the first of
   * them.
   */
  async function endSome(run: Run, subject: Subject) {
    const sessions = (await run(endSessions, subject)).changes;
    await run(endTransactions, subject);
    const codes = (await run(endCodes, subject)).rows.filter(([used]) => used === false).length;
    const ended = (await run(endGrants, subject)).rows.map(grants.read);
    await run(
      endTokens,
      ended.map(({ id }) => id),
    );
    // Asked, because others may have ended some of those at this moment.
    const isAll = (await run(isLeft, subject)).rows.length === 0;
    return { ended: { sessions, codes, grants: ended }, isAll };
  }

  return {
    findHoldings: async (subject, now) => {
      const [sessions, found] = await Promise.all([
        database.run(countSessions, subject, instant(now)),
        database.run(findGrants, subject, instant(now)),
      ]);
      return { sessions: sessions.rows.length, grants: found.rows.map(grants.read) };
    },
    blockAccount: (subject, now) =>
      endedInSteps(() =>
        database.transaction(async (run) =>
          (await run(block, subject, instant(now))).changes === 0 ? undefined : endSome(run, subject),
        ),
      ),
    unblockAccount: async (subject) => (await database.run(unblock, subject)).changes === 1,
    removeAccount: (subject) =>
      endedInSteps(() =>
        database.transaction(async (run) => {
          const known = (await run(take, subject)).rows.length === 1;
          const some = await endSome(run, subject);
          if (!some.isAll) return some;
          if (!known) return undefined;
          for (const each of [...forgetMentions, ...forgetting]) await run(each, subject);
          if ((await run(removeUnblocked, subject)).changes === 0) await run(forget, subject);
          return some;
        }),
      ),
  };
}
