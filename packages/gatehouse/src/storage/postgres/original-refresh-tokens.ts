import { singleFlight } from "../../caching/single-flight.ts";
import type { OriginalRefreshToken } from "../../oauth/records.ts";
import type { Store } from "../../oauth/store.ts";
import type { ClientId } from "../../oauth/values.ts";
import { found, layout } from "../layout.ts";
import { accessTokens, accounts, newGrants } from "../layouts.ts";
import { insertAccessTokens } from "./access-tokens.ts";
import { instant } from "./column-types.ts";
import type { Database } from "./database.ts";
import { columnsOf, recordset, written } from "./dialect.ts";
import { isDanglingReference } from "./errors.ts";
import { digits, insertGrants } from "./grants.ts";

type OriginalOperations = Pick<
  Store,
  | "findOriginalRefreshToken"
  | "exchangeOriginalRefreshToken"
  | "revokeOriginalRefreshToken"
  | "revokeOriginalRefreshTokens"
>;

const originals = layout(
  (column): OriginalRefreshToken => ({
    email: column.text("email"),
    clientId: column.text<ClientId>("client_id"),
    createdAt: column.instant("created_at"),
  }),
);

/** What is asked of that table: without all of them it is another application's. */
const neededColumns = ["token", ...originals.names, "expires_at"];

/**
 * LEGACY: the table `refresh_tokens` of the later service before us, which is its own and which most
 * databases do not have.
 */
export function originalRefreshTokenOperations(database: Database): OriginalOperations {
  const look = database.prepare(
    "select column_name from information_schema.columns where table_schema = current_schema() and table_name = 'refresh_tokens'",
  );
  const find = database.prepare(
    `select ${originals.columns} from refresh_tokens where token = $1 and expires_at > $2`,
  );
  // Whoever deletes the row has the token, we or the service before us.
  const exchange = database.prepare(
    `with accounts as (
       ${recordset(accounts, "$1", "accounts")}
     ), grants as (
       ${recordset(newGrants, "$2", "grants")}
     ), tokens as (
       ${recordset(accessTokens, "$3", "tokens")}
     ), people as (
       select blocked_at from gatehouse_accounts where subject in (select subject from accounts) for update
     ), namesakes as (
       select blocked_at from gatehouse_accounts where lower(email) in (select lower(email) from accounts) for update
     ), taken as (
       delete from refresh_tokens where token = $4 and client_id = $5 and expires_at > $6
         and not exists (select 1 from people where blocked_at is not null)
         and not exists (select 1 from namesakes where blocked_at is not null) returning token
     ), exchanged as (
       select grants.id as grant_id, $8::text as token from grants, taken
     ), known as (
       insert into gatehouse_accounts (${accounts.columns}, created_at, signed_in_at)
       select ${columnsOf(accounts, "accounts")}, $6::timestamptz, $6::timestamptz from accounts, exchanged
       on conflict (subject) do nothing returning subject
     ), granted as (
       ${insertGrants("exchanged", "$7::text")} returning id
     ), stored as (
       ${insertAccessTokens("exchanged")} returning token
     ), noted as (
       update oauth2_clients set last_used_at = $6 where id = $5 and exists (select token from taken) returning id
     )
     select grant_id from exchanged`,
  );
  const remove = database.prepare("delete from refresh_tokens where token = $1");
  const removeAll = database.prepare("delete from refresh_tokens where lower(email) = lower($1)");

  let present: boolean | undefined;
  const lookForTable = singleFlight(async (_name: "refresh_tokens") => {
    const there = new Set((await database.run(look)).rows.map(([name]) => name));
    present = neededColumns.every((name) => there.has(name));
    return present;
  });
  /** Asked once: the table comes with the service before us, not in passing. */
  const isPresent = async () => present ?? lookForTable("refresh_tokens");

  return {
    findOriginalRefreshToken: async (tokenHash, now) => {
      if (!(await isPresent())) return undefined;
      const [row] = (await database.run(find, tokenHash, instant(now))).rows;
      return found(row, originals);
    },
    exchangeOriginalRefreshToken: async (tokenHash, now, { account, grant, accessToken }) => {
      if (!(await isPresent())) return false;
      const outcome = [
        [written(accounts, account)],
        [written(newGrants, grant)],
        accessToken ? [written(accessTokens, accessToken)] : [],
      ].map((records) => JSON.stringify(records));
      const token = [tokenHash, grant.clientId, instant(now), digits(now), accessToken?.tokenHash ?? null];
      try {
        return (await database.run(exchange, ...outcome, ...token)).rows.length === 1;
      } catch (error) {
        // Its client was removed at this moment.
        if (isDanglingReference(error)) return false;
        throw error;
      }
    },
    revokeOriginalRefreshToken: async (tokenHash) =>
      (await isPresent()) && (await database.run(remove, tokenHash)).changes === 1,
    revokeOriginalRefreshTokens: async (email) =>
      (await isPresent()) ? (await database.run(removeAll, email)).changes : 0,
  };
}
