import type { Store } from "../../oauth/ports.ts";
import type { AccessToken } from "../../oauth/records.ts";
import type { Seconds } from "../../oauth/values.ts";
import { toAccessToken } from "../rows.ts";
import { instant } from "./column-types.ts";
import type { Database } from "./database.ts";
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

/** What {@link insertAccessToken} wants to know of each token, among the columns of `asked`. */
export const askedToken = `grant_id text, token text, token_email text, token_subject text, token_client_id text, token_scope text,
  token_resource text, token_created_at timestamptz, token_expires_at timestamptz`;

/**
 * Stores tokens in the statement that also does what they come with: those of `asked` whose grant is among the `grant_id` of `source`, which
 * it is not when that was not to be.
 */
export function insertAccessToken(source: string): string {
  return `insert into user_tokens (token, email, subject, client_id, grant_id, scope, resource, created_at, expires_at)
    select token, token_email, token_subject, token_client_id, asked.grant_id, token_scope, token_resource, token_created_at, token_expires_at
    from asked, ${source} as done where done.grant_id = asked.grant_id`;
}

/** A token as {@link askedToken} names its parts. */
export function askForToken(token: AccessToken) {
  return {
    grant_id: token.grantId,
    token: token.tokenHash,
    token_email: token.email,
    token_subject: token.subject,
    token_client_id: token.clientId,
    token_scope: token.scope,
    token_resource: token.resource,
    token_created_at: instant(token.createdAt),
    token_expires_at: instant(token.expiresAt),
  };
}
