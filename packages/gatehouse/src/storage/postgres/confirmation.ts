import type { Store } from "../../oauth/store.ts";
import { type Seconds, seconds } from "../../oauth/values.ts";
import { found, jsonOrNull } from "../layout.ts";
import { confirmations } from "../layouts.ts";
import { addressBook } from "./addresses.ts";
import { instant } from "./column-types.ts";
import { type Database, Undo } from "./database.ts";

type ConfirmationOperations = Pick<
  Store,
  "claimConfirmation" | "confirmAccount" | "noteUnconfirmed" | "forgetCredential"
>;

export function confirmationOperations(database: Database): ConfirmationOperations {
  const addresses = addressBook(database);
  const claim = database.prepare(
    `update gatehouse_accounts set confirm_tried_at = $2
     where subject = $1 and upstream_credential is not null and (confirm_tried_at is null or confirm_tried_at <= $3)
     returning ${confirmations.columns}`,
  );
  const look = database.prepare(`select ${confirmations.columns} from gatehouse_accounts where subject = $1`);
  const confirm = database.prepare(
    `update gatehouse_accounts set email = $2, name = $3, group_names = $4, confirmed_at = $5, upstream_credential = $6
     where subject = $1 and blocked_at is null and upstream_credential is not null`,
  );
  const note = database.prepare(
    `update gatehouse_accounts set confirm_failing_since = $2
     where subject = $1 and (confirm_failing_since is null or confirm_failing_since <= confirmed_at)`,
  );
  const forget = database.prepare(
    "update gatehouse_accounts set upstream_credential = null where subject = $1",
  );
  return {
    claimConfirmation: async (subject, now, pause) => {
      const before = seconds(now - pause);
      const [row] = (await database.run(claim, subject, instant(now), instant(before))).rows;
      const claimed = found(row, confirmations);
      if (claimed?.credential !== undefined) {
        return { outcome: "claimed", account: claimed.account, credential: claimed.credential };
      }
      const current = found((await database.run(look, subject)).rows[0], confirmations);
      if (current === undefined) return undefined;
      const { account, credential, triedAt = now, failingSince } = current;
      return credential === undefined
        ? { outcome: "unable" }
        : { outcome: "tried", account, triedAt, failingSince };
    },
    confirmAccount: (account, credential) =>
      database.transaction(async (run) => {
        const { subject, email, name = null, groups, confirmedAt } = account;
        const former = await addresses.addressOf(run, subject);
        const at = confirmedAt === undefined ? null : instant(confirmedAt);
        const { changes } = await run(confirm, subject, email, name, jsonOrNull(groups), at, credential);
        if (changes === 0) return "gone";
        const holder = await addresses.assign(run, account, former);
        if (holder !== undefined) throw new Undo("held" as const);
        return "confirmed";
      }),
    noteUnconfirmed: async (subject, now) => {
      await database.run(note, subject, instant(now));
      const current = found((await database.run(look, subject)).rows[0], confirmations);
      return (current?.failingSince ?? now) as Seconds;
    },
    forgetCredential: async (subject) => void (await database.run(forget, subject)),
  };
}
