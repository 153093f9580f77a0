import type { AccessToken } from "../../oauth/records.ts";
import type { Store } from "../../oauth/store.ts";
import { accessTokenColumns, found, toAccessToken } from "../rows.ts";
import { instant } from "./column-types.ts";
import type { Database } from "./database.ts";
import { keyedLookup } from "./lookup.ts";

type AccessTokenOperations = Pick<Store, "findAccessToken" | "revokeAccessToken">;

export function accessTokenOperations(database: Database): AccessTokenOperations {
  const find = keyedLookup(database, {
    columns: accessTokenColumns,
    table: "user_tokens",
    key: "token",
    condition: "scope_project_id is null",
  });
  const revoke = database.prepare("delete from user_tokens where token = $1");
  return {
    findAccessToken: async (tokenHash, now) => {
      const row = await find(tokenHash);
      const token = found(row, toAccessToken);
      return token !== undefined && token.expiresAt > now ? token : undefined;
    },
    revokeAccessToken: async (tokenHash) => (await database.run(revoke, tokenHash)).changes === 1,
  };
}

/** What {@link insertAccessToken} wants to know of each token, among the columns of `asked`. */
export const askedToken = `grant_id text, token text, token_email text, token_subject text, token_client_id text, token_scope text,
  token_resource text, token_created_at timestamptz, token_expires_at timestamptz`;

/**
 * Stores tokens in the statement that also does what they come with: those of `asked` that are among the `token` of `source`, which
 * they are not when that was not to be.
 */
export function insertAccessToken(source: string): string {
  return `insert into user_tokens (token, email, subject, client_id, grant_id, scope, resource, created_at, expires_at)
    select asked.token, token_email, token_subject, token_client_id, asked.grant_id, token_scope, token_resource, token_created_at, token_expires_at
    from asked, ${source} as done where done.token = asked.token`;
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
