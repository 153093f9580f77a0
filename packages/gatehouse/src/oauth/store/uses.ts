import type { GrantId, Seconds } from "../values.ts";

/**
 * That a grant was used: a token of it was good somewhere, or one superseded was answered. What makes or
 * rotates a grant notes that in its own row.
 */
export interface GrantUse {
  readonly grantId: GrantId;
  readonly usedAt: Seconds;
  /** From where it was asked for tokens; `undefined`: it was not. */
  readonly address: string | undefined;
}

/** Who uses what they were granted. See {@link Store} for what holds for all operations. */
export interface UseStore {
  /**
   * Notes them; the time of a grant never goes back. Of one that is gone nothing is noted.
   * @param hurry aborted: without rests for others, because the server stops
   */
  noteUses(uses: readonly GrantUse[], hurry?: AbortSignal): Promise<void>;
  /** The last use of each of these grants, new tokens included. */
  findUses(grants: readonly GrantId[]): Promise<ReadonlyMap<GrantId, Omit<GrantUse, "grantId">>>;
}
