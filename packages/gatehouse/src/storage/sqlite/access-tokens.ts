import type { AccessToken } from "../../oauth/records.ts";
import type { Store } from "../../oauth/store.ts";
import { accessTokenColumns, found, toAccessToken } from "../rows.ts";
import type { Database } from "./database.ts";

type AccessTokenOperations = Pick<Store, "findAccessToken" | "revokeAccessToken">;

export function accessTokenOperations(database: Database): AccessTokenOperations {
  const find = database.prepare(
    `select ${accessTokenColumns} from user_tokens where token = ? and expires_at > ? and scope_project_id is null`,
  );
  const revoke = database.prepare("delete from user_tokens where token = ?");
  return {
    findAccessToken: (tokenHash, now) => database.read(() => found(find.get(tokenHash, now), toAccessToken)),
    revokeAccessToken: (tokenHash) => database.write(() => revoke.run(tokenHash).changes === 1),
  };
}

export function insertAccessToken(database: Database): (token: AccessToken) => void {
  const insert = database.prepare(
    `insert into user_tokens (${accessTokenColumns}) values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
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
