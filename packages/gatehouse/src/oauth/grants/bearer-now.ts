import type { Services } from "../services.ts";
import type { ResourceIdentifier } from "../values.ts";
import type { Bearer } from "./bearer.ts";

/**
 * How it stands with a bearer who was let in before: as then; only their token is over, by its expiry or
 * alone; they may not use the resource any more, or it or their client has left; or the grant has ended, and
 * with it everything.
 */
export type BearerNow = "good" | "token_over" | "access_lost" | "grant_over";

/** Where somebody was let in. */
export interface Admitted {
  readonly bearer: Bearer;
  readonly resource: ResourceIdentifier;
}

/** In the order of those who are looked for. Rejects with `StoreUnavailableError`. */
export type LookAgain = (admitted: readonly Admitted[]) => Promise<readonly BearerNow[]>;

/**
 * Makes the look at those who are still here, for answers that take long. All at once, which costs a store
 * over the network one trip for the grants, and one beside it for tokens that have rows.
 */
export function createLookAgain({
  clock,
  store,
  access,
}: Pick<Services, "clock" | "store" | "access">): LookAgain {
  async function look({ bearer, resource }: Admitted): Promise<BearerNow> {
    const now = clock.now();
    const { grantId, tokenHash, expiresAt, scopes } = bearer;
    const [held, token] = await Promise.all([
      store.findGrantAndAccount(grantId, now),
      tokenHash === undefined ? undefined : store.findAccessToken(tokenHash, now),
    ]);
    if (held?.account === undefined) return "grant_over";
    if (held.grant.standing?.left) return "access_lost";
    if (access()?.use(held.account, resource, scopes.join(" ")).allowed === false) return "access_lost";
    const isOver = expiresAt <= now || (tokenHash !== undefined && token === undefined);
    return isOver ? "token_over" : "good";
  }
  return (admitted) => Promise.all(admitted.map(look));
}
