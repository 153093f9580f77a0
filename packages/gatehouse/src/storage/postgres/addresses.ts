import type { Account } from "../../oauth/records.ts";
import type { Store } from "../../oauth/store.ts";
import type { Subject } from "../../oauth/values.ts";
import { addressKey } from "../addresses.ts";
import { found } from "../layout.ts";
import { accounts, knownAccounts } from "../layouts.ts";
import type { Database, Run } from "./database.ts";

/** Whose an e-mail address is: what a sign-in does about it, within its transaction. */
export interface AddressBook {
  /** The address a person has, who is kept from being changed; `undefined` of one who never signed in. */
  addressOf(run: Run, subject: Subject): Promise<string | undefined>;
  /**
   * Gives a stored account its address, wherever that stands.
   * @param former the one before
   * @returns whoever has it instead: then the transaction has to be undone
   */
  assign(run: Run, account: Account, former: string | undefined): Promise<Account | undefined>;
}

export function addressBook(database: Database): AddressBook {
  const find = database.prepare("select email from gatehouse_accounts where subject = $1 for update");
  const drop = database.prepare("delete from gatehouse_addresses where subject = $1 and address <> $2");
  // Waits for whoever is about to take it, or to let go of it.
  const take = database.prepare(
    `insert into gatehouse_addresses (address, subject) values ($1, $2)
     on conflict (address) do update set address = excluded.address returning subject`,
  );
  const findHolder = database.prepare(
    `select ${accounts.columns} from gatehouse_accounts where subject = $1`,
  );
  // In the order in which one becomes the other: what moves on at this moment is met at its next station.
  const renames = [
    "update oauth2_sessions set email = $1 where subject = $2",
    "update oauth2_codes set email = $1 where subject = $2",
    "update gatehouse_grants set email = $1 where subject = $2",
    "update user_tokens set email = $1 where grant_id in (select id from gatehouse_grants where subject = $2)",
  ].map((sql) => database.prepare(sql));
  return {
    addressOf: async (run, subject) => (await run(find, subject)).rows[0]?.[0] as string | undefined,
    async assign(run, { email, subject }, former) {
      const key = addressKey(email);
      if (email !== "") {
        const holder = (await run(take, key, subject)).rows[0]?.[0] as string;
        if (holder !== subject) return found((await run(findHolder, holder)).rows[0], accounts);
      }
      if (former === undefined || former === email) return undefined;
      await run(drop, subject, key);
      for (const rename of renames) await run(rename, email, subject);
      return undefined;
    },
  };
}

type AddressOperations = Pick<Store, "releaseAddress" | "withdrawAddress" | "listAccountsAt">;

export function addressOperations(database: Database): AddressOperations {
  const find = database.prepare(
    `select ${accounts.columns} from gatehouse_accounts where lower(email) = lower($1)
     order by created_at for update`,
  );
  const has = database.prepare(
    "select subject from gatehouse_accounts where subject = $1 and email = $2 for update",
  );
  const clear = database.prepare("update gatehouse_accounts set email = '' where subject = any($1)");
  // In the order in which one becomes the other, as above.
  const removeTransactions = database.prepare("delete from oauth2_sessions where subject = any($1)");
  const removeCodes = database.prepare("delete from oauth2_codes where subject = any($1)");
  const removeGrants = database.prepare("delete from gatehouse_grants where subject = any($1) returning id");
  const removeTokens = database.prepare("delete from user_tokens where grant_id = any($1)");
  const removeSessions = database.prepare("delete from gatehouse_browser_sessions where subject = any($1)");
  const removeAddresses = database.prepare("delete from gatehouse_addresses where subject = any($1)");
  const at = database.prepare(
    `select ${knownAccounts.columns} from gatehouse_accounts where subject in (
       select subject from gatehouse_addresses
       where substr(address, strpos(address, '@') + 1) = any($1::text[]) and subject > $2
       order by subject limit $3
     ) order by subject`,
  );
  const withdraw = async (run: Run, subjects: readonly Subject[]) => {
    await run(clear, subjects);
    await run(removeTransactions, subjects);
    await run(removeCodes, subjects);
    const grants = (await run(removeGrants, subjects)).rows.map(([grantId]) => grantId as string);
    await run(removeTokens, grants);
    await run(removeSessions, subjects);
    await run(removeAddresses, subjects);
  };
  return {
    releaseAddress: (email) =>
      database.transaction(async (run) => {
        const holders = (await run(find, email)).rows.map(accounts.read);
        await withdraw(
          run,
          holders.map(({ subject }) => subject),
        );
        return holders;
      }),
    withdrawAddress: (subject, email) =>
      database.transaction(async (run) => {
        if ((await run(has, subject, email)).rows.length === 0) return false;
        await withdraw(run, [subject]);
        return true;
      }),
    listAccountsAt: async (domains, { after = "", limit }) =>
      (await database.run(at, domains, after, limit)).rows.map(knownAccounts.read),
  };
}
