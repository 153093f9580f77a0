import type { Seconds } from "../values.ts";

/** What keeps a store from serving, and where to look. */
export interface StoreProblem {
  readonly check: "migrations" | "disk";
  readonly text: string;
  /** It serves all the same. */
  readonly isWarning?: boolean;
}

/** What whoever runs the server needs of the store. See {@link Store} for what holds for all operations. */
export interface UpkeepStore {
  /**
   * What keeps this store from serving, in words for the operator and without secrets; none but
   * warnings when a write has just been done durably, in the very database that was opened, and its schema is
   * one this version can use. Changes
   * nothing that can be seen.
   */
  findProblems(): Promise<readonly StoreProblem[]>;
  /**
   * Whether the database was that of the service before us when we first used it, so that other services may
   * read access tokens in their table. Never changes.
   */
  wasOriginals(): Promise<boolean>;
  /**
   * Deletes at most `limit` rows of each kind that died before `now`: access tokens that were minted
   * here, grants, sessions, transactions a quarter of an hour old, client assertions, invitations,
   * ceremonies, budgets a day old, codes an hour old, and dynamically registered clients idle for
   * `clientIdle` seconds that own no live grant, or that nobody ever used and that were registered last
   * `clientUnused` seconds ago (`clientIdle` when left out), unless somebody is just signing in to them
   * (H20, H21). Operator-provisioned clients never. What is kept to ask a provider with goes too, a day
   * after the sign-in, where no grant of the person is left. Returns how many of each went; call again
   * while a number equals `limit`.
   */
  sweep(now: Seconds, limit: number, clientIdle: Seconds, clientUnused?: Seconds): Promise<Swept>;
  close(): Promise<void>;
}

export interface Swept {
  readonly accessTokens: number;
  readonly grants: number;
  readonly sessions: number;
  readonly transactions: number;
  readonly assertions: number;
  readonly invitations: number;
  readonly ceremonies: number;
  readonly budgets: number;
  readonly codes: number;
  readonly clients: number;
  readonly unusedClients: number;
  readonly credentials: number;
}
