import type { Rotation } from "../../oauth/store/grants.ts";
import type { Store } from "../../oauth/store.ts";
import type { Seconds } from "../../oauth/values.ts";
import { found, layout } from "../layout.ts";
import {
  accessTokens,
  grantsAndAccounts,
  grantsStanding,
  tokenGrants,
  withAccounts,
  withStanding,
} from "../layouts.ts";
import { type Narrowed, narrowed } from "../narrowing.ts";
import { decideRotation, type Lineage } from "../rotation.ts";
import type { Database } from "./database.ts";
import { insertInto } from "./dialect.ts";

type GrantOperations = Pick<
  Store,
  | "nextGrantOrder"
  | "findGrant"
  | "findTokenGrant"
  | "findGrantAndAccount"
  | "rotateGrant"
  | "narrowGrant"
  | "revokeGrant"
>;

const lineages = layout((column): Lineage & { readonly expiresAt: Seconds } => ({
  generation: column.integer("generation"),
  rotatedAt: column.instant("rotated_at"),
  superseded: column.json("superseded_at"),
  expiresAt: column.instant("expires_at"),
}));

const scopes = layout(
  (column): Narrowed => ({
    scope: column.text("scope"),
    takenScope: column.optionalText("taken_scope"),
  }),
);

/** Numbers in one second before they run ahead of the clock, which does no harm. */
const perSecond = 2 ** 16;

/**
 * Of this process each number is greater than the last. Of those of one second in any order each would change
 * another page, in the table's key and in every index that ends with it.
 */
function orderedByTime(): (now: Seconds) => number {
  let last = 0;
  return (now) => {
    last = Math.max(last + 1, now * perSecond);
    return last;
  };
}

export function grantOperations(database: Database): GrantOperations {
  const find = database.prepare(
    `select ${grantsStanding.columns} from ${withStanding("gatehouse_grants")} where held.id = ? and held.expires_at > ?`,
  );
  const findForToken = database.prepare(
    `select ${tokenGrants.columns} from ${withStanding("gatehouse_grants")} where held.id = ? and held.expires_at > ?`,
  );
  const findWithAccount = database.prepare(
    `select ${grantsAndAccounts.columns} from ${withAccounts("gatehouse_grants")} where held.id = ? and held.expires_at > ?`,
  );
  const findScope = database.prepare(`select ${scopes.columns} from gatehouse_grants where id = ?`);
  const narrow = database.prepare("update gatehouse_grants set scope = ?, taken_scope = ? where id = ?");
  const changes =
    "generation = ?, rotated_at = ?, superseded_at = ?, key_id = ?, token_address = coalesce(?, token_address)";
  // An end that is named is written to its index as well, moved or not.
  const rotate = database.prepare(`update gatehouse_grants set ${changes} where id = ?`);
  const rotateAndExtend = database.prepare(
    `update gatehouse_grants set ${changes}, expires_at = ? where id = ?`,
  );
  const current = database.prepare(
    `select ${lineages.columns} from gatehouse_grants where id = ? and expires_at > ?`,
  );
  const storeToken = insertInto(database, "user_tokens", accessTokens);
  const remove = database.prepare("delete from gatehouse_grants where id = ?");
  const removeTokens = database.prepare("delete from user_tokens where grant_id = ?");
  return {
    nextGrantOrder: orderedByTime(),
    findGrant: (id, now) => database.read(() => found(find.get(id, now), grantsStanding)),
    findTokenGrant: (id, now) => database.read(() => found(findForToken.get(id, now), tokenGrants)),
    findGrantAndAccount: (id, now) =>
      database.read(() => found(findWithAccount.get(id, now), grantsAndAccounts)),
    narrowGrant: (id, scope) =>
      database.write(() => {
        const current = found(findScope.get(id), scopes);
        const next = current && narrowed(current, scope);
        if (next !== undefined) narrow.run(next.scope, next.takenScope ?? null, id);
      }),
    rotateGrant: (asked) =>
      database.write((): Rotation => {
        const { grantId, now, expiresAt, accessToken } = asked;
        const lineage = found(current.get(grantId, now), lineages);
        if (lineage === undefined) return { outcome: "gone" };
        const { superseded, ...rotation } = decideRotation(lineage, asked);
        if (rotation.outcome === "reused") return rotation;
        if (accessToken !== undefined) storeToken(accessToken);
        if (superseded === undefined) return rotation;
        const { keyId = null, address = null } = asked;
        const changes = [rotation.generation, now, JSON.stringify(superseded), keyId, address] as const;
        if (expiresAt === lineage.expiresAt) rotate.run(...changes, grantId);
        else rotateAndExtend.run(...changes, expiresAt, grantId);
        return rotation;
      }),
    revokeGrant: (id) =>
      database.write(() => {
        removeTokens.run(id);
        return remove.run(id).changes === 1;
      }),
  };
}
