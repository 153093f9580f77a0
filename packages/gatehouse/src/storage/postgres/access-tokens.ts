import type { Store } from "../../oauth/ports.ts";
import type { AccessToken } from "../../oauth/records.ts";
import type { Seconds } from "../../oauth/values.ts";
import { toAccessToken } from "../rows.ts";
import { instant } from "./column-types.ts";
import type { Database, Value } from "./database.ts";
import { keyedLookup } from "./lookup.ts";

type AccessTokenOperations = Pick<Store, "findAccessToken" | "revokeAccessToken">;

export function accessTokenOperations(database: Database): AccessTokenOperations {
  const find = keyedLookup(
    database,
    "token",
    (condition) =>
      `select token, email, subject, client_id, grant_id, scope, resource, created_at, expires_at from user_tokens
       where ${condition} and scope_project_id is null`,
  );
  const revoke = database.prepare("delete from user_tokens where token = $1");
  return {
    findAccessToken: async (tokenHash, now) => {
      const row = await find(tokenHash);
      return row && (row.expires_at as Seconds) > now ? toAccessToken(row) : undefined;
    },
    revokeAccessToken: async (tokenHash) => (await database.run(revoke, tokenHash)).changes === 1,
  };
}

/**
 * Stores a token in the statement that also does what it comes with: once a row of `source`, which is none when that was not to be.
 * @param first number of the first of its nine parameters
 */
export function insertAccessToken(source: string, first: number): string {
  const $ = (at: number, type: string) => `$${first + at}::${type}`;
  return `insert into user_tokens (token, email, subject, client_id, grant_id, scope, resource, created_at, expires_at)
    select ${$(0, "text")}, ${$(1, "text")}, ${$(2, "text")}, ${$(3, "text")}, ${$(4, "text")}, ${$(5, "text")}, ${$(6, "text")},
      ${$(7, "timestamptz")}, ${$(8, "timestamptz")} from ${source}`;
}

/** The parameters of {@link insertAccessToken}. */
export function accessTokenValues(token: AccessToken): Value[] {
  return [
    token.tokenHash,
    token.email,
    token.subject ?? null,
    token.clientId ?? null,
    token.grantId ?? null,
    token.scope ?? null,
    token.resource ?? null,
    instant(token.createdAt),
    instant(token.expiresAt),
  ];
}
