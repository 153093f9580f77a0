import type { ResourceIdentifier, Seconds } from "./values.ts";

/** What the protocol needs to know of the configuration. Made by `config.ts`, read by nobody before that. */
export interface Settings {
  /** The issuer identifier: `BASE_URL` without trailing slash (A02). May have a path. */
  readonly issuer: string;
  /** Prefixes of access tokens, newest first: the first is minted, all are accepted. */
  readonly tokenPrefixes: readonly [string, ...string[]];
  /** Keys of the refresh tokens' MAC, newest first: the first mints, all verify. 32 bytes or more each. */
  readonly secretKeys: readonly [Buffer, ...Buffer[]];
  /** Names the first of them in the grants' rows. */
  readonly keyId: number;
  /**
   * Whether every access token has its row, because other services read their table (`SHARED_TOKENS`). Asked
   * at each issue: without the setting the database decides, which may be reached after the start.
   */
  readonly sharedTokens: () => boolean;
  /** `INTROSPECTION_TOKEN`, the operator's introspection credential. */
  readonly introspectionToken: string | undefined;
  /** Where `GET /revoke` may send a browser besides registered origins: `HOME_URL`. */
  readonly homeUrl: string | undefined;
  /** The resource of clients that name none (L04); else the only configured one, if there is exactly one. */
  readonly defaultResource: ResourceIdentifier | undefined;
  /**
   * What a client assertion may be made for: the issuer; in compatibility mode forms that older clients use
   * as well (Q07).
   */
  readonly assertionAudiences: readonly string[];
  /** Client ID metadata documents. */
  readonly clientDocuments: {
    readonly enabled: boolean;
    /** `gatehouse dev`: documents on this computer, by plain http too. */
    readonly allowLoopback: boolean;
    /**
     * Domains, each with its subdomains, whose clients are accepted; `undefined`: all that are not denied.
     */
    readonly allowedDomains: readonly string[] | undefined;
    readonly deniedDomains: readonly string[];
  };
  /**
   * How many registrations that nobody used are kept: of one address, `undefined` for any number, and in all
   * (H21).
   */
  readonly unusedRegistrations: { readonly perAddress: number | undefined; readonly inAll: number };
  readonly lifetimes: {
    readonly accessToken: Seconds;
    /** LEGACY: of the token of confidential `client_secret_post` clients, 7 days. */
    readonly legacyAccessToken: Seconds;
    readonly code: Seconds;
    readonly transaction: Seconds;
    /** LEGACY: the same for `client_secret_post` clients, an hour. */
    readonly legacyTransaction: Seconds;
    readonly grantIdle: Seconds;
    readonly grant: Seconds;
    readonly replayWindow: Seconds;
    /** How long past that window the previous refresh token still moves its grant ahead; 0: not at all. */
    readonly lateReplay: Seconds;
    readonly sessionIdle: Seconds;
    readonly session: Seconds;
  };
}
