import type { Seconds } from "../values.ts";

/**
 * Fingerprints of the keys the database was used with. See {@link Store} for what holds for all operations.
 */
export interface KeyStore {
  /**
   * The keys that refresh tokens here were made with, the one a process started with last comes first; and
   * whether such a token lives.
   */
  findKeys(now: Seconds): Promise<{ readonly known: readonly KnownKey[]; readonly live: boolean }>;
  /**
   * A process starts that verifies with these keys and makes tokens with the first, of which a note is kept.
   * False, and nothing changed, when refresh tokens live and keys are known, but none of these, unless
   * `anyway`. While tokens live and no key is known, as in a database older than such notes, all of these
   * count as those it was used with. Of two that start at once with keys of their own neither refuses the
   * other: both are noted.
   * @param fingerprints of the keys, newest first
   */
  startWithKeys(
    fingerprints: readonly [string, ...string[]],
    now: Seconds,
    anyway?: "anyway",
  ): Promise<boolean>;
  /**
   * Forgets keys: a start with nothing but these is refused from now on, one at the same moment not. Returns
   * how many were known.
   */
  forgetKeys(fingerprints: readonly string[]): Promise<number>;
  /**
   * The live grants that have a refresh token, by the key that it was made with. Reads all grants, in parts
   * where others would wait for it: about as many as there were meanwhile. Minutes among ten million.
   */
  countGrants(now: Seconds): Promise<GrantCount>;
}

/** A key that refresh tokens were made with. */
export interface KnownKey {
  readonly fingerprint: string;
  /** When a process first made tokens with it; `undefined`: before such notes were kept. */
  readonly since: Seconds | undefined;
  /** When a process last started that makes tokens with it; `undefined`: none since such notes are kept. */
  readonly startedAt: Seconds | undefined;
}

export interface GrantCount {
  readonly people: number;
  readonly byKey: readonly {
    /** `undefined`: refreshed last before such notes were kept. */
    readonly keyId: number | undefined;
    readonly grants: number;
    readonly people: number;
  }[];
}
