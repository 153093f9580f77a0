import type { Store } from "../../oauth/store.ts";
import { found } from "../layout.ts";
import { accessTokens, tokensAndAccounts, tokensStanding, withAccounts, withStanding } from "../layouts.ts";
import type { Database } from "./database.ts";
import { columnsOf } from "./dialect.ts";
import { keyedLookup } from "./lookup.ts";

type AccessTokenOperations = Pick<
  Store,
  "findAccessToken" | "findAccessTokenAndAccount" | "revokeAccessToken"
>;

export function accessTokenOperations(database: Database): AccessTokenOperations {
  const find = keyedLookup(database, {
    columns: tokensStanding.columns,
    table: withStanding("user_tokens"),
    key: "held.token",
    condition: "held.scope_project_id is null",
  });
  const findWithAccount = keyedLookup(database, {
    columns: tokensAndAccounts.columns,
    table: withAccounts("user_tokens"),
    key: "held.token",
    condition: "held.scope_project_id is null",
  });
  const revoke = database.prepare("delete from user_tokens where token = $1");
  return {
    findAccessToken: async (tokenHash, now) => {
      const token = found(await find(tokenHash), tokensStanding);
      return token !== undefined && token.expiresAt > now ? token : undefined;
    },
    findAccessTokenAndAccount: async (tokenHash, now) => {
      const held = found(await findWithAccount(tokenHash), tokensAndAccounts);
      return held !== undefined && held.token.expiresAt > now ? held : undefined;
    },
    revokeAccessToken: async (tokenHash) => (await database.run(revoke, tokenHash)).changes === 1,
  };
}

/**
 * Stores tokens in the statement that also does what they come with: those of the recordset `tokens` that are
 * among the `token` of `source`, which they are not when that was not to be.
 */
export function insertAccessTokens(source: string): string {
  return `insert into user_tokens (${accessTokens.columns}) select ${columnsOf(accessTokens, "tokens")}
    from tokens, ${source} as done where done.token = tokens.token`;
}
