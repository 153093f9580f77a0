import type { AccessToken, Account, NewGrant, OriginalRefreshToken } from "../records.ts";
import type { Seconds, SecretHash } from "../values.ts";

/**
 * Refresh tokens of the service before us (LEGACY): on a database that never was its own there are none. See
 * {@link Store} for what holds for all operations.
 */
export interface OriginalRefreshTokenStore {
  /** The live one with this hash; untouched. */
  findOriginalRefreshToken(tokenHash: SecretHash, now: Seconds): Promise<OriginalRefreshToken | undefined>;
  /**
   * Exchanges one for a grant: in one step it goes, for that service too, the account is created where it
   * does not exist, and grant and access token are stored, the token that went counting as the generation
   * before the grant's, superseded now; the client's use is noted. True for exactly one caller; false, and
   * nothing changed, for every other, and when the token is the grant's client's no more: it expired, or that
   * service used it up or ended it first. False too while the account, or another with its address, is
   * blocked, a block at the same moment included.
   */
  exchangeOriginalRefreshToken(
    tokenHash: SecretHash,
    now: Seconds,
    outcome: {
      readonly account: Account;
      readonly grant: NewGrant;
      readonly accessToken: AccessToken | undefined;
    },
  ): Promise<boolean>;
  /** Ends one, for that service too. False when unknown. */
  revokeOriginalRefreshToken(tokenHash: SecretHash): Promise<boolean>;
  /**
   * Ends all of a person who is known there by this address, in any case; an exchange at the same moment is
   * over when this resolves. Returns how many.
   */
  revokeOriginalRefreshTokens(email: string): Promise<number>;
}
