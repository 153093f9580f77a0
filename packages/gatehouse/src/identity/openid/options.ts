import type { Clock } from "../../oauth/ports.ts";
import type { Seconds } from "../../oauth/values.ts";
import type { PresetName } from "./presets.ts";

/** One OpenID provider, as configured. */
export interface OpenIdOptions {
  /** How the operator calls it. */
  readonly name: string;
  /** What people call it. */
  readonly title: string;
  /** What is known of it besides what it says of itself; left out: nothing. */
  readonly preset?: PresetName | undefined;
  /**
   * The provider's issuer, compared exactly (C16); for `microsoft` the one of `microsoftIssuer`. Plain http
   * only on a loopback host.
   */
  readonly issuer: string;
  /** `microsoft` with several: the GUIDs of all whose accounts may sign in, lower case (V25). */
  readonly tenants?: readonly string[] | undefined;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Our callback, as registered at the provider. */
  readonly callbackUrl: string;
  /** Asked for in place of the usual ones (V08); among them `openid`. */
  readonly scopes?: readonly string[] | undefined;
  /**
   * Whose addresses it may speak for (V16): lower case, IDN in its ASCII form. `"*"`: all but `otherDomains`.
   * Left out: all.
   */
  readonly domains?: readonly string[] | "*" | undefined;
  /** The domains that other providers name; left out: there is no other provider. */
  readonly otherDomains?: readonly string[] | undefined;
  /** Its addresses count although nothing in its answer proves them (V14, V15). */
  readonly trustEmail?: boolean | undefined;
  /** The claim the address stands in (V13); `email` when left out. */
  readonly emailClaim?: string | undefined;
  /** People without a usable address are admitted, with an empty one (V19). */
  readonly addressOptional?: boolean | undefined;
  /** The claim groups stand in (V37); the preset's when left out. */
  readonly groupsClaim?: string | undefined;
  /**
   * The provider of the environment variables, which is asked for what it has always been asked for: an
   * address. Neither name nor groups are looked for, and at Google the hosted domain alone decides (V29).
   */
  readonly ofVariables?: boolean | undefined;
  /** What a logout there ends here (V54); browser sessions when left out. */
  readonly backchannelLogout?: "sessions" | "grants" | undefined;
  /** After so many seconds its people are confirmed again (V55); never when left out. */
  readonly revalidate?: Seconds | undefined;
  /** For how long that may wait while it gives no answer. */
  readonly revalidateGrace?: Seconds | undefined;
  /** The real time unless a test says otherwise: it is compared with the provider's. */
  readonly clock?: Clock | undefined;
  /** Told what does not fail a sign-in but should be known: the provider's documents cannot be refreshed. */
  readonly warn?: ((message: string) => void) | undefined;
  /** Told the names under which the provider's keys are others than before. */
  readonly onKeysReplaced?: ((kids: readonly string[]) => void) | undefined;
  /** Milliseconds for each request to the provider. */
  readonly timeout?: number | undefined;
}
