import { singleFlight } from "../../caching/single-flight.ts";
import type { Store } from "../../oauth/store.ts";
import { type ClientId, type Seconds, seconds } from "../../oauth/values.ts";
import type { Row } from "../rows.ts";
import { askedToken, askForToken, insertAccessToken } from "./access-tokens.ts";
import { instant } from "./column-types.ts";
import type { Database } from "./database.ts";
import { isDanglingReference } from "./errors.ts";
import { askedGrant, askForGrant, digits, insertGrant } from "./grants.ts";

type OriginalOperations = Pick<
  Store,
  | "findOriginalRefreshToken"
  | "exchangeOriginalRefreshToken"
  | "revokeOriginalRefreshToken"
  | "revokeOriginalRefreshTokens"
>;

const columns = ["token", "email", "client_id", "created_at", "expires_at"];

/** LEGACY: the table `refresh_tokens` of the later service before us, which is its own and which most databases do not have. */
export function originalRefreshTokenOperations(database: Database): OriginalOperations {
  const look = database.prepare(
    "select column_name from information_schema.columns where table_schema = current_schema() and table_name = 'refresh_tokens'",
  );
  const find = database.prepare(
    "select email, client_id, created_at from refresh_tokens where token = $1 and expires_at > $2",
  );
  // Whoever deletes the row has the token, we or the service before us.
  const exchange = database.prepare(
    `with asked as (
       select * from json_to_recordset($1) as asked (issuer text, upstream_subject text, ${askedGrant}, ${askedToken})
     ), taken as (
       delete from refresh_tokens where token = $2 and client_id = $3 and expires_at > $4 returning token
     ), exchanged as (
       select asked.token from asked, taken
     ), known as (
       insert into gatehouse_accounts (subject, issuer, upstream_subject, email, created_at, signed_in_at)
       select subject, issuer, upstream_subject, email, created_at, created_at from asked, exchanged
       on conflict (subject) do nothing returning subject
     ), granted as (
       ${insertGrant("exchanged", "$5::text")} returning id
     ), stored as (
       ${insertAccessToken("exchanged")} returning token
     ), noted as (
       update oauth2_clients set last_used_at = $4 where id = $3 and exists (select token from taken) returning id
     )
     select token from exchanged`,
  );
  const remove = database.prepare("delete from refresh_tokens where token = $1");
  const removeAll = database.prepare("delete from refresh_tokens where lower(email) = lower($1)");

  let present: boolean | undefined;
  const lookForTable = singleFlight(async (_name: "refresh_tokens") => {
    const there = new Set((await database.run(look)).rows.map(([name]) => name));
    present = columns.every((name) => there.has(name));
    return present;
  });
  /** Asked once: the table comes with the service before us, not in passing. */
  const isPresent = async () => present ?? lookForTable("refresh_tokens");

  return {
    findOriginalRefreshToken: async (tokenHash, now) => {
      if (!(await isPresent())) return undefined;
      const [row] = (await database.run(find, tokenHash, instant(now))).rows;
      return row && toOriginal(row);
    },
    exchangeOriginalRefreshToken: async (tokenHash, now, { account, grant, accessToken }) => {
      if (!(await isPresent())) return false;
      const { issuer, upstreamSubject } = account;
      const asked = {
        issuer,
        upstream_subject: upstreamSubject,
        ...askForGrant(grant),
        ...askForToken(accessToken),
      };
      const key = [tokenHash, grant.clientId, instant(now), digits(now)];
      try {
        return (await database.run(exchange, JSON.stringify([asked]), ...key)).rows.length === 1;
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

function toOriginal([email, clientId, createdAt]: Row) {
  return {
    email: email as string,
    clientId: clientId as ClientId,
    createdAt: seconds(createdAt as Seconds),
  };
}
