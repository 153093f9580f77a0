import type { Store } from "../../oauth/store.ts";
import type { Seconds } from "../../oauth/values.ts";
import { found, jsonOrNull } from "../layout.ts";
import { confirmations } from "../layouts.ts";
import { addressBook } from "./addresses.ts";
import type { Database } from "./database.ts";

type ConfirmationOperations = Pick<
  Store,
  "claimConfirmation" | "confirmAccount" | "noteUnconfirmed" | "forgetCredential"
>;

export function confirmationOperations(database: Database): ConfirmationOperations {
  const addresses = addressBook(database);
  const look = database.prepare(`select ${confirmations.columns} from gatehouse_accounts where subject = ?`);
  const claim = database.prepare("update gatehouse_accounts set confirm_tried_at = ? where subject = ?");
  const confirm = database.prepare(
    `update gatehouse_accounts set email = ?, name = ?, group_names = ?, confirmed_at = ?, upstream_credential = ?
     where subject = ? and blocked_at is null and upstream_credential is not null`,
  );
  const note = database.prepare(
    `update gatehouse_accounts set confirm_failing_since = case
       when confirm_failing_since > coalesce(confirmed_at, 0) then confirm_failing_since else ? end
     where subject = ? returning confirm_failing_since`,
  );
  const forget = database.prepare(
    "update gatehouse_accounts set upstream_credential = null where subject = ?",
  );
  return {
    claimConfirmation: (subject, now, pause) =>
      database.write(() => {
        const current = found(look.get(subject), confirmations);
        if (current === undefined) return undefined;
        const { account, credential, triedAt, failingSince } = current;
        if (credential === undefined) return { outcome: "unable" };
        if (triedAt !== undefined && now - triedAt < pause) {
          return { outcome: "tried", account, triedAt, failingSince };
        }
        claim.run(now, subject);
        return { outcome: "claimed", account, credential };
      }),
    confirmAccount: (account, credential) =>
      database.write(() => {
        const { subject, email, name = null, groups, confirmedAt = null } = account;
        if (addresses.otherHolder(account) !== undefined) return "held";
        const former = addresses.addressOf(subject);
        const { changes } = confirm.run(email, name, jsonOrNull(groups), confirmedAt, credential, subject);
        if (changes === 0) return "gone";
        addresses.assign(account, former);
        return "confirmed";
      }),
    noteUnconfirmed: (subject, now) =>
      database.write(() => (note.get(now, subject)?.[0] as Seconds | undefined) ?? now),
    forgetCredential: (subject) => database.write(() => void forget.run(subject)),
  };
}
