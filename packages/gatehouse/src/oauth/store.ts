import type { AuditStore } from "./store/audit.ts";
import type { BudgetStore } from "./store/budgets.ts";
import type { ClientStore } from "./store/clients.ts";
import type { DeclarationStore } from "./store/declarations.ts";
import type { GrantStore } from "./store/grants.ts";
import type { KeyStore } from "./store/keys.ts";
import type { ListingStore } from "./store/listing.ts";
import type { OriginalRefreshTokenStore } from "./store/original-refresh-tokens.ts";
import type { PasskeyStore } from "./store/passkeys.ts";
import type { PeopleStore } from "./store/people.ts";
import type { ResourceStore } from "./store/resources.ts";
import type { TraceStore } from "./store/traces.ts";
import type { TransactionStore } from "./store/transactions.ts";
import type { StoreProblem, UpkeepStore } from "./store/upkeep.ts";
import type { UseStore } from "./store/uses.ts";

/*
 * What the protocol asks of a store, one interface a noun, each in a file of its own in `store/`.
 * `storage/sqlite/` and `storage/postgres/` implement it; `test/contract/` tests it sentence by sentence.
 */

/**
 * The store speaks in what the protocol means, not in rows. **Every operation is atomic, across processes
 * too**: it happens as a whole or not at all, whatever else runs at the same time and wherever the process
 * dies; it has happened durably once its promise resolves. Expiry is checked at use with the `now` handed in
 * (T06); an expired record is never returned or acted on, swept or not. Unknown values give `undefined` or
 * `false`, never an error. Strings are stored literally, NUL and lone surrogates excepted: the protocol
 * refuses those before. A store that cannot answer throws {@link StoreUnavailableError}.
 */
export interface Store
  extends ClientStore,
    ResourceStore,
    DeclarationStore,
    PeopleStore,
    ListingStore,
    PasskeyStore,
    TransactionStore,
    GrantStore,
    OriginalRefreshTokenStore,
    KeyStore,
    BudgetStore,
    TraceStore,
    UseStore,
    UpkeepStore,
    AuditStore {}

/**
 * The store cannot answer now; the request may be tried again. Becomes 503 `temporarily_unavailable` with
 * `Retry-After`.
 */
export class StoreUnavailableError extends Error {
  override readonly name = "StoreUnavailableError";
  /** Where to look. */
  readonly check: "database" | StoreProblem["check"];
  /** `locked`: somebody else holds it. `full`: it has no room. `unreachable`: it does not answer. */
  readonly kind: "locked" | "full" | "unreachable" | "other";
  constructor(
    message: string,
    options?: ErrorOptions & {
      readonly check?: StoreUnavailableError["check"];
      readonly kind?: StoreUnavailableError["kind"];
    },
  ) {
    super(message, options);
    this.check = options?.check ?? "database";
    this.kind = options?.kind ?? "other";
  }
}
