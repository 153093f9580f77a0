import type { AccessToken, NewGrant } from "../../oauth/records.ts";
import type { Store } from "../../oauth/store.ts";
import type { Seconds, SecretHash } from "../../oauth/values.ts";
import { batched } from "../batching.ts";
import { found } from "../layout.ts";
import {
  accessTokens,
  codes,
  codesAndAccounts,
  codesStanding,
  newGrants,
  withAccounts,
  withStanding,
} from "../layouts.ts";
import { insertAccessTokens } from "./access-tokens.ts";
import { instant } from "./column-types.ts";
import type { Database } from "./database.ts";
import { parameters, recordset, written } from "./dialect.ts";
import { isDanglingReference } from "./errors.ts";
import { insertGrants } from "./grants.ts";
import { keyedLookup } from "./lookup.ts";

interface Redemption {
  readonly codeHash: SecretHash;
  readonly now: Seconds;
  readonly grant: NewGrant;
  readonly accessToken: AccessToken | undefined;
}

type CodeOperations = Pick<Store, "findCode" | "findCodeAndAccount" | "burnCode" | "redeemCode">;

export function codeOperations(database: Database): CodeOperations {
  const find = keyedLookup(database, {
    columns: codesStanding.columns,
    table: withStanding("oauth2_codes"),
    key: "held.id",
  });
  const findWithAccount = keyedLookup(database, {
    columns: codesAndAccounts.columns,
    table: withAccounts("oauth2_codes"),
    key: "held.id",
  });
  const burn = database.prepare("update oauth2_codes set used = true where id = $1 and not used");
  // Whoever's number comes back marked the row, and so redeemed the code: of several for one code, here as
  // among processes, one. The client's use is noted once a second, lest those who redeem with one client wait
  // for each other.
  const redeemed = `asked as (
       select * from json_to_recordset($1) as asked (number int, code text, grant_id text, token text, asked_at timestamptz)
     ), grants as (
       ${recordset(newGrants, "$2", "grants")}
     ), redeemed as (
       update oauth2_codes set used = true, grant_id = asked.grant_id
       from asked where oauth2_codes.id = code and not used and oauth2_codes.expires_at > asked_at
       returning oauth2_codes.client_id, asked.number, asked.grant_id, asked.token, asked_at
     ), granted as (
       ${insertGrants("redeemed")} returning id
     ), latest as (
       select client_id, max(asked_at) as used_at from redeemed group by client_id
     ), noted as (
       update oauth2_clients set last_used_at = used_at, registered_from = null from latest
       where oauth2_clients.id = latest.client_id and (last_used_at is null or last_used_at < used_at or registered_from > '') returning oauth2_clients.id
     )`;
  const redeem = database.prepare(`with ${redeemed} select number from redeemed`);
  const redeemAndStore = database.prepare(
    `with ${redeemed}, tokens as (
       ${recordset(accessTokens, "$3", "tokens")}
     ), stored as (
       ${insertAccessTokens("redeemed")} returning token
     )
     select number from redeemed`,
  );
  const isUsed = database.prepare("select id from oauth2_codes where id = $1 and used");
  const redeemTogether = batched(async (redemptions: readonly Redemption[]) => {
    const asked = redemptions.map(({ codeHash, now, grant, accessToken }, number) => ({
      number,
      code: codeHash,
      grant_id: grant.id,
      token: accessToken?.tokenHash,
      asked_at: instant(now),
    }));
    const made = redemptions.map(({ grant }) => written(newGrants, grant));
    const tokens = redemptions.flatMap(({ accessToken }) =>
      accessToken ? [written(accessTokens, accessToken)] : [],
    );
    const values = [JSON.stringify(asked), JSON.stringify(made)];
    const { rows } = await (tokens.length === 0
      ? database.run(redeem, ...values)
      : database.run(redeemAndStore, ...values, JSON.stringify(tokens)));
    const redeemed = new Set(rows.map(([number]) => number));
    return redemptions.map((_, number) => redeemed.has(number));
  });
  return {
    findCode: async (codeHash) => found(await find(codeHash), codesStanding),
    findCodeAndAccount: async (codeHash) => found(await findWithAccount(codeHash), codesAndAccounts),
    burnCode: async (codeHash) => void (await database.run(burn, codeHash)),
    redeemCode: async (codeHash, now, grant, accessToken) => {
      try {
        if (await redeemTogether({ codeHash, now, grant, accessToken })) return "redeemed";
      } catch (error) {
        // Its client was removed at this moment, and the code goes along.
        if (isDanglingReference(error)) return "gone";
        throw error;
      }
      return (await database.run(isUsed, codeHash)).rows.length === 0 ? "gone" : "used";
    },
  };
}

/**
 * Stores a code in the statement that also ends its transaction: once a row of `source`, and not when its id
 * is null.
 * @param first number of the first of its parameters, the values of {@link codes}
 */
export function insertCode(source: string, first: number): string {
  return `insert into oauth2_codes (${codes.columns}) select ${parameters(codes, first)}
    from ${source} where $${first}::text is not null`;
}
