import type { Account, BrowserSession, Grant, KnownAccount } from "../records.ts";
import type { Seconds, SecretHash, Subject } from "../values.ts";

/** What lives of a person's. */
export interface Holdings {
  /** Browsers they are signed in with. */
  readonly sessions: number;
  readonly grants: readonly Grant[];
}

/** What of a person's was ended. */
export interface EndedHoldings extends Holdings {
  /** Codes that nobody had redeemed. */
  readonly codes: number;
}

/** How a sign-in ended. See {@link Store.openSession}. */
export type SignInOutcome =
  /** `formerEmail`: the address the person had until now, if it is another one; empty when they had none. */
  | { readonly outcome: "opened"; readonly formerEmail: string | undefined }
  /** The operator has blocked the person. */
  | { readonly outcome: "blocked" }
  /** The address is somebody else's. */
  | { readonly outcome: "address_held"; readonly holder: Account };

/** See {@link Store.claimConfirmation}. */
export type ConfirmationClaim =
  /** The provider is to be asked, by this credential, as it was stored. */
  | { readonly outcome: "claimed"; readonly account: Account; readonly credential: string }
  /** Somebody asks right now, or has asked a moment ago. */
  | {
      readonly outcome: "tried";
      readonly account: Account;
      readonly triedAt: Seconds;
      /** Since when the provider has given no answer, if it has not; what is before `confirmedAt` is over. */
      readonly failingSince: Seconds | undefined;
    }
  /** There is nothing to ask with. */
  | { readonly outcome: "unable" };

/** Accounts and browser sessions. See {@link Store} for what holds for all operations. */
export interface PeopleStore {
  /**
   * Records a proven sign-in: the account is created, or what is known of it brought up to date, and a new
   * browser session opened; in one step the session `replaces` (the browser's earlier one, if any) ends, so
   * an identifier never survives a sign-in (S05). `blocked`, and nothing changed, while the person is
   * blocked: of a block at the same moment it comes before, and its session ends with it, or after.
   *
   * An address, in any case, is one person's at a time, as long as they sign in with it and it is not
   * released; of two people who first come with it at once exactly one gets it. Whose address is another's:
   * `address_held`, and nothing changed (V21). Whose own address is another than before has the new one
   * everywhere at once, in codes, grants and access tokens too, and nobody has the former (V20).
   */
  openSession(session: {
    readonly sessionHash: SecretHash;
    readonly replaces: SecretHash | undefined;
    readonly account: Account;
    readonly authTime: Seconds;
    readonly expiresAt: Seconds;
    /** The session at the provider, if it named one. */
    readonly sid?: string | undefined;
    /** To ask the provider with later, sealed; null: forgets the earlier one; left out: that one stays. */
    readonly credential?: string | null | undefined;
  }): Promise<SignInOutcome>;
  /**
   * Takes an address, in any case, away from whoever has it: their account stays without one, their sessions,
   * attempts, codes, grants and access tokens end; the next to sign in with it has it. Gives the accounts as
   * they were; of a sign-in of theirs at the same moment it is the first or the second, never half of it.
   */
  releaseAddress(email: string): Promise<Account[]>;
  /**
   * Takes this very address away from this person, as {@link releaseAddress} does. False, and nothing
   * changed, when they have it no longer.
   */
  withdrawAddress(subject: Subject, email: string): Promise<boolean>;
  /**
   * The accounts with an address at one of these domains, in the order of their subjects; at most `limit`,
   * beginning behind `after`.
   */
  listAccountsAt(
    domains: readonly string[],
    page: { readonly after: Subject | undefined; readonly limit: number },
  ): Promise<KnownAccount[]>;
  /**
   * The live session, and its idle clock restarted: undefined when last seen before `now - idle`, or past its
   * absolute end.
   */
  findSession(sessionHash: SecretHash, now: Seconds, idle: Seconds): Promise<BrowserSession | undefined>;
  endSession(sessionHash: SecretHash): Promise<void>;
  /** Ends every browser session of the person. Gives how many there were. */
  endSessionsOf(subject: Subject): Promise<number>;
  /**
   * A provider says that somebody signed out there. In one step the notice is used up, and the browser
   * sessions end that were opened by the provider's session `sid`, if one is named, else all of the person's;
   * with `endsGrants` also the codes, grants and access tokens of those whose sessions these are, and of
   * `subject`. `undefined`, and nothing changed, when the notice was used before: of several callers with one
   * exactly one acts.
   */
  signOutByProvider(notice: {
    readonly noticeHash: SecretHash;
    /** How long the notice is remembered. */
    readonly acceptedUntil: Seconds;
    readonly issuer: string;
    readonly sid: string | undefined;
    readonly subject: Subject | undefined;
    readonly endsGrants: boolean;
  }): Promise<{ readonly sessions: number; readonly grants: number } | undefined>;
  findAccount(subject: Subject): Promise<KnownAccount | undefined>;
  /**
   * The accounts that last signed in with this e-mail address, in any case; more than one only where several
   * people had it before addresses were one person's.
   */
  findAccounts(email: string): Promise<KnownAccount[]>;
  /** Newest first. */
  listAccounts(): Promise<KnownAccount[]>;
  /** What lives of this person's now. */
  findHoldings(subject: Subject, now: Seconds): Promise<Holdings>;
  /**
   * Blocks the person and ends, in the same step, their sessions, attempts to authorize, codes, grants and
   * access tokens; consents stay. From then on {@link openSession} and {@link completeTransaction} do nothing
   * for them: of what runs at the same moment all comes before and is ended, or comes after and is refused.
   * One who is blocked already stays so since then, and what lives is ended again. `undefined` when unknown.
   * Of somebody with more than 500 grants these end in several steps, the block being the first (X11).
   */
  blockAccount(subject: Subject, now: Seconds): Promise<EndedHoldings | undefined>;
  /**
   * The caller may ask the provider about this person, unless somebody has begun to within `pause` seconds:
   * of any number of callers exactly one. `undefined` when unknown.
   */
  claimConfirmation(subject: Subject, now: Seconds, pause: Seconds): Promise<ConfirmationClaim | undefined>;
  /**
   * The provider has confirmed the person: address, name, groups and `confirmedAt` are brought up to date,
   * and what to ask with the next time. `held`, and nothing changed, when another person has the address;
   * `gone`, when they are unknown or blocked, or there is no credential any more: a removal or block at the
   * same moment holds.
   */
  confirmAccount(account: Account, credential: string): Promise<"confirmed" | "held" | "gone">;
  /**
   * The provider gave no answer. Gives since when it has not, since the person was confirmed last: of several
   * notes the first.
   */
  noteUnconfirmed(subject: Subject, now: Seconds): Promise<Seconds>;
  /** From now on the provider cannot be asked about this person, until they sign in again. */
  forgetCredential(subject: Subject): Promise<void>;
  /** Lets a blocked person sign in again. False when unknown or not blocked. */
  unblockAccount(subject: Subject): Promise<boolean>;
  /**
   * Removes the account with its sessions, consents, passkeys, invitations, codes, transactions, grants and
   * access tokens (T09). Of one that is blocked only the name (`issuer`, `upstreamSubject`) stays, and the
   * block: address, name, groups and credential go. `undefined` when unknown. Of somebody with more than 500
   * grants these end in several steps, of which the last is all this (X11).
   */
  removeAccount(subject: Subject): Promise<EndedHoldings | undefined>;
}
