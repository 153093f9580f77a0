import type { AccessToken, Account, FoundCode, Grant, NewGrant, TokenGrant } from "../records.ts";
import type { GrantId, Seconds, SecretHash } from "../values.ts";

/** How a rotation ended. See {@link Store.rotateGrant}. */
export type Rotation =
  /** The refresh token to answer with is that of this generation. */
  | {
      readonly outcome: "rotated" | "replayed" | "skipped_ahead" | "fast_forwarded";
      readonly generation: number;
    }
  | { readonly outcome: "reused"; readonly reason: "superseded" | "skipped" }
  | { readonly outcome: "gone" };

/** What of a refresh token that was superseded is still answered. */
export interface ReplayPolicy {
  /** Seconds after it was superseded in which it is answered with the live one. */
  readonly window: Seconds;
  /** How far back, 1 being the previous generation; at most {@link maxReplayGenerations}. */
  readonly generations: number;
  /**
   * Seconds after it was superseded in which the previous generation, past the window, moves the grant ahead;
   * 0: never.
   */
  readonly late: Seconds;
}

/** As many superseded generations as a store remembers of a grant. */
export const maxReplayGenerations = 64;

/** How a redemption ended. See {@link Store.redeemCode}. */
export type Redemption = "redeemed" | "used" | "gone";

/** Codes, grants and the tokens that belong to them. See {@link Store} for what holds for all operations. */
export interface GrantStore {
  /**
   * What the identifier of a new grant begins with, 48 bits: the time and a number, so that in one file all
   * new grants are written to the same place. `undefined`: it is all chance, because the table may be spread
   * over machines, and that place would be one machine's.
   */
  nextGrantOrder(now: Seconds): number | undefined;
  /**
   * The code, used or not, expired or not, for as long as its row is kept (an hour): a replay must be told
   * from a stranger.
   */
  findCode(codeHash: SecretHash): Promise<FoundCode | undefined>;
  /** The same, and whose it is, in one trip. */
  findCodeAndAccount(
    codeHash: SecretHash,
  ): Promise<{ readonly code: FoundCode; readonly account: Account | undefined } | undefined>;
  /** Marks an unused code used without a grant (wrong verifier). No effect on a used one. */
  burnCode(codeHash: SecretHash): Promise<void>;
  /**
   * Uses the code: marks it used by this grant, stores grant and access token (a sealed one has nothing to
   * store), and notes the client's use.
   * `redeemed` for exactly one caller; `used` when somebody was first; `gone` when it is unknown or expired.
   * Only `redeemed` stores anything.
   */
  redeemCode(
    codeHash: SecretHash,
    now: Seconds,
    grant: NewGrant,
    accessToken: AccessToken | undefined,
  ): Promise<Redemption>;
  findGrant(id: GrantId, now: Seconds): Promise<Grant | undefined>;
  /** The same, and whose it is, in one trip. */
  findGrantAndAccount(
    id: GrantId,
    now: Seconds,
  ): Promise<{ readonly grant: Grant; readonly account: Account | undefined } | undefined>;
  /** Of a live grant what an introspection needs: the rest would cost it a tenth more. */
  findTokenGrant(id: GrantId, now: Seconds): Promise<TokenGrant | undefined>;
  /**
   * Takes from the grant's scope for good whatever is not in this one, and notes it as taken. Of two at once
   * both take. Nothing happens to one that is gone.
   */
  narrowGrant(id: GrantId, scope: string): Promise<void>;
  /**
   * One compare-and-set of the generation (G03-G06, G13-G18), for a token that was proven genuine. The
   * *preceding* generation is the one whose holder was answered with the live one; between them are only
   * skipped ones. With the presented generation
   *  - the live one: it becomes live + 1, `rotatedAt` becomes now, `expiresAt` the given: `rotated`. Of all
   *    who present it at once, one; to the others it is the preceding one by then;
   *  - the preceding one, less than `replay.window` seconds after the live one was minted, or one of the
   *    `replay.generations` that were presented last, less than that after it was superseded: nothing of the
   *    grant changes: `replayed`, with the live generation;
   *  - the preceding one later than that, less than `replay.late` seconds after it was first superseded: the
   *    live one, which nobody has presented, is skipped, and live + 1 takes its place as above:
   *    `skipped_ahead`. Of all who present it at once, one, and the others replay what that one got. At once
   *    with a holder of the live one: whoever comes first is answered, the other has reused;
   *  - one newer than the live one, because the database is behind its tokens: presented + 1 becomes live as
   *    above, and of the generations before the presented one none is forgiven any more: `fast_forwarded`.
   *    Of all who present it at once, one, and the others replay;
   *  - a skipped one: `reused`, `skipped`, remembered for {@link maxReplayGenerations} generations; any
   *    other: `reused`, `superseded`. Nothing changed, and it stays so whatever else runs: the caller
   *    revokes;
   * and no such live grant, also when it ends at the same moment: `gone`. Only `reused` and `gone` store no
   * access token; the others store it in the same step. So however many callers race with one generation, one
   * lineage lives on, and none is lost when an answer is.
   */
  rotateGrant(rotation: {
    readonly grantId: GrantId;
    readonly presented: number;
    readonly now: Seconds;
    readonly replay: ReplayPolicy;
    readonly expiresAt: Seconds;
    /**
     * Of the key that refresh tokens are made with now, if that is known; noted where the generation changes.
     */
    readonly keyId?: number;
    /** From where it is asked for; noted where the generation changes. */
    readonly address?: string | undefined;
    /** `undefined`: a sealed one, of which nothing is stored. */
    readonly accessToken: AccessToken | undefined;
  }): Promise<Rotation>;
  /**
   * Ends the grant and all its access tokens; a rotation at the same moment leaves no live token behind
   * (K-n5). False when unknown.
   */
  revokeGrant(id: GrantId): Promise<boolean>;
  /** The live token. LEGACY: a row narrowed to a project (`scope_project_id`) is never returned. */
  findAccessToken(tokenHash: SecretHash, now: Seconds): Promise<AccessToken | undefined>;
  /** The same, and whose it is, in one trip. */
  findAccessTokenAndAccount(
    tokenHash: SecretHash,
    now: Seconds,
  ): Promise<{ readonly token: AccessToken; readonly account: Account | undefined } | undefined>;
  /** Ends one access token. False when unknown. */
  revokeAccessToken(tokenHash: SecretHash): Promise<boolean>;
}
