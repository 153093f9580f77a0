import type { OAuthRequest } from "./messages/request.ts";
import type { OAuthResponse } from "./messages/response.ts";
import type {
  Access,
  Admins,
  Check,
  ClientDocuments,
  Clock,
  Events,
  FailureLimiter,
  GrantUses,
  IdentityProviders,
  Random,
  Trace,
} from "./ports.ts";
import type { Settings } from "./settings.ts";
import type { Store } from "./store.ts";

/** Everything the protocol is handed. No endpoint reaches for anything else. */
export interface Services {
  readonly settings: Settings;
  readonly store: Store;
  readonly providers: IdentityProviders;
  /**
   * The operator's rules in force; `undefined`: there are none. They may change at any time, so a request
   * asks once and sees one version of them from start to end.
   */
  readonly access: () => Access | undefined;
  /** Who may use the console; `undefined`: there is none. */
  readonly admins?: Admins | undefined;
  /** What clients publish about themselves. */
  readonly documents: ClientDocuments;
  readonly clock: Clock;
  readonly random: Random;
  readonly events: Events;
  readonly trace: Trace;
  readonly uses: GrantUses;
  readonly failures: FailureLimiter;
  /** How it stands with what serving needs. Looks once a second at most. */
  readonly checks: () => Promise<readonly Check[]>;
}

/** What serves one path: an OAuth request in, an OAuth response out. */
export type Endpoint = (request: OAuthRequest) => Promise<OAuthResponse>;
