import type { Store } from "../../oauth/store.ts";
import { found } from "../layout.ts";
import {
  accessTokens,
  codesAndAccounts,
  codesStanding,
  newGrants,
  withAccounts,
  withStanding,
} from "../layouts.ts";
import type { Database } from "./database.ts";
import { insertInto } from "./dialect.ts";

type CodeOperations = Pick<Store, "findCode" | "findCodeAndAccount" | "burnCode" | "redeemCode">;

export function codeOperations(database: Database): CodeOperations {
  const find = database.prepare(
    `select ${codesStanding.columns} from ${withStanding("oauth2_codes")} where held.id = ?`,
  );
  const findWithAccount = database.prepare(
    `select ${codesAndAccounts.columns} from ${withAccounts("oauth2_codes")} where held.id = ?`,
  );
  const burn = database.prepare("update oauth2_codes set used = 1 where id = ? and used = 0");
  const use = database.prepare(
    "update oauth2_codes set used = 1, grant_id = ? where id = ? and used = 0 and expires_at > ?",
  );
  const isUsed = database.prepare("select used from oauth2_codes where id = ? and used = 1");
  // Noted once a second: each time it moves in two indexes.
  const touchClient = database.prepare(
    `update oauth2_clients set last_used_at = ?1, registered_from = null
     where id = ?2 and (last_used_at is null or last_used_at < ?1 or registered_from > '')`,
  );
  const storeGrant = insertInto(database, "gatehouse_grants", newGrants);
  const storeToken = insertInto(database, "user_tokens", accessTokens);
  return {
    findCode: (codeHash) => database.read(() => found(find.get(codeHash), codesStanding)),
    findCodeAndAccount: (codeHash) =>
      database.read(() => found(findWithAccount.get(codeHash), codesAndAccounts)),
    burnCode: (codeHash) => database.write(() => void burn.run(codeHash)),
    redeemCode: (codeHash, now, grant, accessToken) =>
      database.write(() => {
        if (use.run(grant.id, codeHash, now).changes === 1) {
          storeGrant(grant);
          if (accessToken !== undefined) storeToken(accessToken);
          touchClient.run(now, grant.clientId);
          return "redeemed";
        }
        return isUsed.get(codeHash) === undefined ? "gone" : "used";
      }),
  };
}
