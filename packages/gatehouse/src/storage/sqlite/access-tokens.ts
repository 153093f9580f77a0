import type { Store } from "../../oauth/ports.ts";
import type { AccessToken } from "../../oauth/records.ts";
import type {
  ClientId,
  GrantId,
  ResourceIdentifier,
  Seconds,
  SecretHash,
  Subject,
} from "../../oauth/values.ts";
import type { Database } from "./database.ts";
import { filled, type Row, text } from "./row.ts";

type AccessTokenOperations = Pick<Store, "findAccessToken" | "revokeAccessToken">;

export function accessTokenOperations(database: Database): AccessTokenOperations {
  const find = database.prepare(
    "select * from user_tokens where token = ? and expires_at > ? and scope_project_id is null",
  );
  const revoke = database.prepare("delete from user_tokens where token = ?");
  return {
    findAccessToken: (tokenHash, now) => database.read(() => toAccessToken(find.get(tokenHash, now))),
    revokeAccessToken: (tokenHash) => database.write(() => revoke.run(tokenHash).changes === 1),
  };
}

export function insertAccessToken(database: Database): (token: AccessToken) => void {
  const insert = database.prepare(
    `insert into user_tokens (token, email, subject, client_id, grant_id, scope, resource, created_at, expires_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  return (token) =>
    void insert.run(
      token.tokenHash,
      token.email,
      token.subject ?? null,
      token.clientId ?? null,
      token.grantId ?? null,
      token.scope ?? null,
      token.resource ?? null,
      token.createdAt,
      token.expiresAt,
    );
}

function toAccessToken(row: Row | undefined): AccessToken | undefined {
  return (
    row && {
      tokenHash: row.token as SecretHash,
      email: row.email as string,
      subject: text(row.subject) as Subject | undefined,
      clientId: text(row.client_id) as ClientId | undefined,
      grantId: text(row.grant_id) as GrantId | undefined,
      scope: text(row.scope),
      resource: filled(row.resource) as ResourceIdentifier | undefined,
      createdAt: row.created_at as Seconds,
      expiresAt: row.expires_at as Seconds,
    }
  );
}
