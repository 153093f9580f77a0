import type { Store } from "../../oauth/ports.ts";
import type { Code } from "../../oauth/records.ts";
import { found, requestValues, toFoundCode } from "../rows.ts";
import { accessTokenValues, insertAccessToken } from "./access-tokens.ts";
import { instant } from "./column-types.ts";
import type { Database, Value } from "./database.ts";
import { isDanglingReference } from "./errors.ts";
import { grantColumns, grantValues } from "./grants.ts";
import { keyedLookup } from "./lookup.ts";

type CodeOperations = Pick<Store, "findCode" | "burnCode" | "redeemCode">;

const columns = `subject, email, auth_time, created_at, expires_at,
  client_id, redirect_uri, state, code_challenge, code_challenge_method, scope, resource`;

export function codeOperations(database: Database): CodeOperations {
  const find = keyedLookup(
    database,
    "id",
    (condition) => `select id, used, grant_id, ${columns} from oauth2_codes where ${condition}`,
  );
  const burn = database.prepare("update oauth2_codes set used = true where id = $1 and not used");
  // Whoever marks the row has redeemed it. The client's use is noted once a second, lest those who redeem with one client wait for each other.
  const redeem = database.prepare(
    `with redeemed as (
       update oauth2_codes set used = true, grant_id = $3 where id = $1 and not used and expires_at > $2 returning id
     ), granted as (
       insert into gatehouse_grants (${grantColumns}) select $3::text, $4::text, $5::text, $6::text, $7::text, $8::text, $9::int, $10::text,
         $11::timestamptz, $12::timestamptz, $13::timestamptz, $14::timestamptz, $15::timestamptz from redeemed returning id
     ), stored as (
       ${insertAccessToken("redeemed", 16)} returning token
     ), noted as (
       update oauth2_clients set last_used_at = $2 from redeemed
       where oauth2_clients.id = $4 and (last_used_at is null or last_used_at < $2) returning oauth2_clients.id
     )
     select id from redeemed`,
  );
  const isUsed = database.prepare("select id from oauth2_codes where id = $1 and used");
  return {
    findCode: async (codeHash) => found(await find(codeHash), toFoundCode),
    burnCode: async (codeHash) => void (await database.run(burn, codeHash)),
    redeemCode: async (codeHash, now, grant, accessToken) => {
      const values = [...grantValues(grant), ...accessTokenValues(accessToken)];
      try {
        if ((await database.run(redeem, codeHash, instant(now), ...values)).rows.length === 1) {
          return "redeemed";
        }
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
 * Stores a code in the statement that also ends its transaction: once a row of `source`, and not when its id is null.
 * @param first number of the first of its thirteen parameters
 */
export function insertCode(source: string, first: number): string {
  const $ = (at: number, type: string) => `$${first + at}::${type}`;
  return `insert into oauth2_codes (id, ${columns})
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
