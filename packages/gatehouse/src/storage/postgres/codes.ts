import type { AccessToken, Code, Grant } from "../../oauth/records.ts";
import type { Store } from "../../oauth/store.ts";
import type { Seconds, SecretHash } from "../../oauth/values.ts";
import { batched } from "../batching.ts";
import { codeColumns, found, foundCodeColumns, requestValues, toFoundCode } from "../rows.ts";
import { askedToken, askForToken, insertAccessToken } from "./access-tokens.ts";
import { instant } from "./column-types.ts";
import type { Database, Value } from "./database.ts";
import { isDanglingReference } from "./errors.ts";
import { askedGrant, askForGrant, insertGrant } from "./grants.ts";
import { keyedLookup } from "./lookup.ts";

interface Redeemed {
  readonly codeHash: SecretHash;
  readonly now: Seconds;
  readonly grant: Grant;
  readonly accessToken: AccessToken;
}

type CodeOperations = Pick<Store, "findCode" | "burnCode" | "redeemCode">;

export function codeOperations(database: Database): CodeOperations {
  const find = keyedLookup(database, { columns: foundCodeColumns, table: "oauth2_codes", key: "id" });
  const burn = database.prepare("update oauth2_codes set used = true where id = $1 and not used");
  // Whoever's token comes back marked the row, and so redeemed the code: of several for one code, here as among processes, one. The client's use is noted once a second, lest those who redeem with one client wait for each other.
  const redeem = database.prepare(
    `with asked as (
       select * from json_to_recordset($1) as asked (code text, asked_at timestamptz, ${askedGrant}, ${askedToken})
     ), redeemed as (
       update oauth2_codes set used = true, grant_id = asked.grant_id
       from asked where oauth2_codes.id = code and not used and oauth2_codes.expires_at > asked_at
       returning oauth2_codes.client_id, asked.token, asked_at
     ), granted as (
       ${insertGrant("redeemed")} returning id
     ), stored as (
       ${insertAccessToken("redeemed")} returning token
     ), latest as (
       select client_id, max(asked_at) as used_at from redeemed group by client_id
     ), noted as (
       update oauth2_clients set last_used_at = used_at, registered_from = null from latest
       where oauth2_clients.id = latest.client_id and (last_used_at is null or last_used_at < used_at or registered_from > '') returning oauth2_clients.id
     )
     select token from redeemed`,
  );
  const isUsed = database.prepare("select id from oauth2_codes where id = $1 and used");
  const redeemTogether = batched(async (redemptions: readonly Redeemed[]) => {
    const { rows } = await database.run(redeem, JSON.stringify(redemptions.map(askForRedemption)));
    const redeemed = new Set(rows.map(([token]) => token));
    return redemptions.map(({ accessToken }) => redeemed.has(accessToken.tokenHash));
  });
  return {
    findCode: async (codeHash) => found(await find(codeHash), toFoundCode),
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

function askForRedemption({ codeHash, now, grant, accessToken }: Redeemed) {
  return { code: codeHash, asked_at: instant(now), ...askForGrant(grant), ...askForToken(accessToken) };
}

/**
 * Stores a code in the statement that also ends its transaction: once a row of `source`, and not when its id is null.
 * @param first number of the first of its thirteen parameters
 */
export function insertCode(source: string, first: number): string {
  const $ = (at: number, type: string) => `$${first + at}::${type}`;
  return `insert into oauth2_codes (${codeColumns})
    select ${$(0, "text")}, ${$(1, "text")}, ${$(2, "text")}, ${$(3, "timestamptz")}, ${$(4, "timestamptz")}, ${$(5, "timestamptz")},
      ${$(6, "text")}, ${$(7, "text")}, ${$(8, "text")}, ${$(9, "text")}, ${$(10, "text")}, ${$(11, "text")}, ${$(12, "text")}
    from ${source} where ${$(0, "text")} is not null`;
}

/** The parameters of {@link insertCode}. */
export function codeValues(code: Code | undefined): Value[] {
  if (code === undefined) return Array.from({ length: 13 }, () => null);
  const { codeHash, request, subject, email, authTime, createdAt, expiresAt } = code;
  const times = [instant(authTime), instant(createdAt), instant(expiresAt)];
  return [codeHash, subject, email, ...times, ...requestValues(request)];
}
