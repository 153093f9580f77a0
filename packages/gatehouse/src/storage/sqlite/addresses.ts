import type { Account } from "../../oauth/records.ts";
import type { Store } from "../../oauth/store.ts";
import type { Subject } from "../../oauth/values.ts";
import { addressKey } from "../addresses.ts";
import { found } from "../layout.ts";
import { accounts, knownAccounts } from "../layouts.ts";
import type { Database } from "./database.ts";

/** Whose an e-mail address is: what a sign-in does about it, within its transaction. */
export interface AddressBook {
  /** Whoever has the account's address instead of it. */
  otherHolder(account: Account): Account | undefined;
  /** The address a person has; `undefined` of one who never signed in, empty when they have none. */
  addressOf(subject: Subject): string | undefined;
  /** Gives a stored account its address, wherever that stands. @param former the one before */
  assign(account: Account, former: string | undefined): void;
}

export function addressBook(database: Database): AddressBook {
  const findOther = database.prepare(
    `select ${accounts.columns} from gatehouse_accounts
     where subject = (select subject from gatehouse_addresses where address = ?) and subject <> ?`,
  );
  const find = database.prepare("select email from gatehouse_accounts where subject = ?");
  const drop = database.prepare("delete from gatehouse_addresses where subject = ? and address <> ?");
  const take = database.prepare(
    "insert into gatehouse_addresses (address, subject) values (?, ?) on conflict (address) do nothing",
  );
  const renames = [
    "update oauth2_sessions set email = ? where subject = ?",
    "update oauth2_codes set email = ? where subject = ?",
    "update gatehouse_grants set email = ? where subject = ?",
    "update user_tokens set email = ? where grant_id in (select id from gatehouse_grants where subject = ?)",
  ].map((sql) => database.prepare(sql));
  return {
    otherHolder: ({ email, subject }) => found(findOther.get(addressKey(email), subject), accounts),
    addressOf: (subject) => find.get(subject)?.[0] as string | undefined,
    assign({ email, subject }, former) {
      const key = addressKey(email);
      drop.run(subject, key);
      if (email !== "") take.run(key, subject);
      if (former === undefined || former === email) return;
      for (const rename of renames) rename.run(email, subject);
    },
  };
}

type AddressOperations = Pick<Store, "releaseAddress" | "withdrawAddress" | "listAccountsAt">;

export function addressOperations(database: Database): AddressOperations {
  const find = database.prepare(
    `select ${accounts.columns} from gatehouse_accounts where lower(email) = lower(?) order by created_at`,
  );
  const has = database.prepare("select 1 from gatehouse_accounts where subject = ? and email = ?");
  const endings = [
    "delete from user_tokens where grant_id in (select id from gatehouse_grants where subject = ?)",
    "delete from gatehouse_grants where subject = ?",
    "delete from oauth2_codes where subject = ?",
    "delete from oauth2_sessions where subject = ?",
    "delete from gatehouse_browser_sessions where subject = ?",
    "delete from gatehouse_addresses where subject = ?",
    "update gatehouse_accounts set email = '' where subject = ?",
  ].map((sql) => database.prepare(sql));
  const withdraw = (subject: Subject) => {
    for (const ending of endings) ending.run(subject);
  };
  const at = database.prepare(
    `select ${knownAccounts.columns} from gatehouse_accounts where subject in (
       select subject from gatehouse_addresses
       where substr(address, instr(address, '@') + 1) in (select value from json_each(?)) and subject > ?
       order by subject limit ?
     ) order by subject`,
  );
  return {
    releaseAddress: (email) =>
      database.write(() => {
        const holders = find.all(email).map(accounts.read);
        for (const { subject } of holders) withdraw(subject);
        return holders;
      }),
    withdrawAddress: (subject, email) =>
      database.write(() => {
        if (has.get(subject, email) === undefined) return false;
        withdraw(subject);
        return true;
      }),
    listAccountsAt: (domains, { after = "", limit }) =>
      database.read(() => at.all(JSON.stringify(domains), after, limit).map(knownAccounts.read)),
  };
}
