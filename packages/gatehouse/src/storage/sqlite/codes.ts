import type { Store } from "../../oauth/ports.ts";
import type { Code, FoundCode } from "../../oauth/records.ts";
import type { GrantId, Seconds, SecretHash, Subject } from "../../oauth/values.ts";
import { insertAccessToken } from "./access-tokens.ts";
import type { Database } from "./database.ts";
import { insertGrant } from "./grants.ts";
import { requestValues, toRequest } from "./request-columns.ts";
import { type Row, text } from "./row.ts";

type CodeOperations = Pick<Store, "findCode" | "burnCode" | "redeemCode">;

export function codeOperations(database: Database): CodeOperations {
  const find = database.prepare("select * from oauth2_codes where id = ?");
  const burn = database.prepare("update oauth2_codes set used = 1 where id = ? and used = 0");
  const use = database.prepare(
    "update oauth2_codes set used = 1, grant_id = ? where id = ? and used = 0 and expires_at > ?",
  );
  const isUsed = database.prepare("select used from oauth2_codes where id = ? and used = 1");
  const touchClient = database.prepare("update oauth2_clients set last_used_at = ? where id = ?");
  const storeGrant = insertGrant(database);
  const storeToken = insertAccessToken(database);
  return {
    findCode: (codeHash) => database.read(() => toFoundCode(find.get(codeHash))),
    burnCode: (codeHash) => database.write(() => void burn.run(codeHash)),
    redeemCode: (codeHash, now, grant, accessToken) =>
      database.write(() => {
        if (use.run(grant.id, codeHash, now).changes === 1) {
          storeGrant(grant);
          storeToken(accessToken);
          touchClient.run(now, grant.clientId);
          return "redeemed";
        }
        return isUsed.get(codeHash) === undefined ? "gone" : "used";
      }),
  };
}

export function insertCode(database: Database): (code: Code) => void {
  const insert = database.prepare(
    `insert into oauth2_codes (id, subject, email, auth_time, created_at, expires_at,
       client_id, redirect_uri, state, code_challenge, code_challenge_method, scope, resource)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  return ({ codeHash, request, subject, email, authTime, createdAt, expiresAt }) =>
    void insert.run(codeHash, subject, email, authTime, createdAt, expiresAt, ...requestValues(request));
}

function toFoundCode(row: Row | undefined): FoundCode | undefined {
  return (
    row && {
      codeHash: row.id as SecretHash,
      request: toRequest(row, row.redirect_uri as string, text(row.state)),
      subject: row.subject as Subject,
      email: row.email as string,
      authTime: row.auth_time as Seconds,
      createdAt: row.created_at as Seconds,
      expiresAt: row.expires_at as Seconds,
      used: row.used === 1,
      grantId: text(row.grant_id) as GrantId | undefined,
    }
  );
}
