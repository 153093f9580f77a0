import type { Store } from "../../oauth/store.ts";
import { found } from "../layout.ts";
import { tokensAndAccounts, tokensStanding, withAccounts, withStanding } from "../layouts.ts";
import type { Database } from "./database.ts";

type AccessTokenOperations = Pick<
  Store,
  "findAccessToken" | "findAccessTokenAndAccount" | "revokeAccessToken"
>;

export function accessTokenOperations(database: Database): AccessTokenOperations {
  const find = database.prepare(
    `select ${tokensStanding.columns} from ${withStanding("user_tokens")}
     where held.token = ? and held.expires_at > ? and held.scope_project_id is null`,
  );
  const findWithAccount = database.prepare(
    `select ${tokensAndAccounts.columns} from ${withAccounts("user_tokens")}
     where held.token = ? and held.expires_at > ? and held.scope_project_id is null`,
  );
  const revoke = database.prepare("delete from user_tokens where token = ?");
  return {
    findAccessToken: (tokenHash, now) => database.read(() => found(find.get(tokenHash, now), tokensStanding)),
    findAccessTokenAndAccount: (tokenHash, now) =>
      database.read(() => found(findWithAccount.get(tokenHash, now), tokensAndAccounts)),
    revokeAccessToken: (tokenHash) => database.write(() => revoke.run(tokenHash).changes === 1),
  };
}
