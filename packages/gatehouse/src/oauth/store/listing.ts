import type { Client, Grant, Invitation, KnownAccount } from "../records.ts";
import type { ClientId, ResourceIdentifier, Seconds } from "../values.ts";

/** A part of a long list. */
export interface ListedPage<T> {
  readonly items: readonly T[];
  /** What the next part begins behind; `undefined`: this was the last. */
  readonly next: string | undefined;
}

/** Which part: `after` is the `next` of the one before; one that nobody gave is as none. */
export interface PageAsked {
  readonly limit: number;
  readonly after?: string | undefined;
}

/** How much there is of everything, as somebody who looks after it wants to know. */
export interface Inventory {
  readonly people: number;
  readonly blocked: number;
  /** Of browsers. */
  readonly sessions: number;
  readonly grants: number;
  readonly clients: number;
  readonly resources: number;
}

/**
 * Lists that may be long, in parts: each costs the same wherever it stands and however long the list is.
 * What comes or goes meanwhile is in the part where it belongs, or in none; nothing else is left out or told
 * twice. See {@link Store} for what holds for all operations.
 */
export interface ListingStore {
  /**
   * Everybody who signed in here, the newest first; or only those who are blocked; or those whose e-mail
   * address begins so, in any case of ASCII letters, in the order of their addresses.
   */
  listPeople(
    which: { readonly blocked?: true | undefined; readonly address?: string | undefined },
    page: PageAsked,
  ): Promise<ListedPage<KnownAccount>>;
  /** What lives of grants, the newest first; of this client, or for this resource. */
  listGrants(
    which: { readonly client?: ClientId | undefined; readonly resource?: ResourceIdentifier | undefined },
    now: Seconds,
    page: PageAsked,
  ): Promise<ListedPage<Grant>>;
  /** The clients, the newest first; or those that the operator provisioned. */
  pageOfClients(
    which: { readonly provisioned?: true | undefined },
    page: PageAsked,
  ): Promise<ListedPage<Client>>;
  /** The open invitations, in the order of their addresses. The one for the first person has none. */
  listInvitations(now: Seconds, page: PageAsked): Promise<ListedPage<Invitation>>;
  countEverything(now: Seconds): Promise<Inventory>;
}
