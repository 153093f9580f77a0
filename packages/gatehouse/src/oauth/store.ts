import type {
  DeclarationOutcome,
  Declarations,
  DeclaredKind,
  DeclaredName,
  leftFor,
} from "./declarations.ts";
import type {
  AccessToken,
  Account,
  BrowserSession,
  Ceremony,
  Client,
  Code,
  Consent,
  Declared,
  FoundCode,
  Grant,
  Invitation,
  KnownAccount,
  OriginalRefreshToken,
  Passkey,
  PreviousSecret,
  Resource,
  SignedIn,
  Transaction,
} from "./records.ts";
import type { ScopeChanges } from "./scope-changes.ts";
import type { ClientId, GrantId, ResourceIdentifier, Seconds, SecretHash, Subject } from "./values.ts";

/*
 * What the protocol asks of a store, one interface a noun. `storage/sqlite/` and `storage/postgres/`
 * implement it; `test/contract/` tests it sentence by sentence.
 */

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

/** How a redemption ended. See {@link Store.redeemCode}. */
export type Redemption = "redeemed" | "used" | "gone";

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
    PasskeyStore,
    TransactionStore,
    GrantStore,
    OriginalRefreshTokenStore,
    KeyStore,
    UpkeepStore {}

/** Clients, registered and provisioned. See {@link Store} for what holds for all operations. */
export interface ClientStore {
  findClient(id: string): Promise<Client | undefined>;
  /** Newest first. */
  listClients(): Promise<Client[]>;
  /**
   * Those the operator provisioned, a handful, without the ones that registered themselves and were vouched
   * for; newest first.
   */
  listProvisionedClients(): Promise<Client[]>;
  /**
   * False, and nothing changed, when the id is taken: of two callers with one id exactly one gets true. One
   * that registered itself comes with whom it was `registeredFrom`, and counts as never used until a code of
   * its is redeemed or the operator vouches for it: see {@link makeRoom} and {@link sweep}.
   */
  addClient(client: Client, registeredFrom?: string): Promise<boolean>;
  /**
   * Adds a client that may be shared: when an identical one is there already, that one counts as used at
   * `client.createdAt` and as registered once more. Gives the client as stored; `undefined`, and nothing
   * changed, when the id is taken by one that says something else of itself.
   */
  shareClient(client: Client, registeredFrom?: string): Promise<Client | undefined>;
  /**
   * Holds the never-used registrations within bounds (H21). Of everybody's those beyond `inAll` go, and a
   * hundredth of it besides, at most 500 a call: of those with most first, the oldest of each first. Of
   * `from`'s the oldest go until there is room for one more below `perAddress`, but none that somebody is
   * just signing in to, nor one younger than `settled` seconds: neighbours cannot push each other out. False
   * when there is no such room. What is used at the same moment stays. Not one step with the registration
   * that follows: as many as register at once may exceed a bound until the next call, and as many calls may
   * each remove the surplus.
   */
  makeRoom(bounds: {
    readonly from: string;
    readonly now: Seconds;
    /** `undefined`: as many as they like. */
    readonly perAddress: number | undefined;
    readonly inAll: number;
    readonly settled: Seconds;
  }): Promise<boolean>;
  /**
   * Replaces all that the client is but `createdAt` and `lastUsedAt`. False when unknown, or, with
   * `unlessShared`, when it was registered more than once: of a replacement and a sharing at the same moment
   * only one succeeds.
   */
  replaceClient(client: Client, unlessShared?: "unlessShared"): Promise<boolean>;
  /**
   * Gives the client another name, other redirect URIs, or both; what is left out stays as it is, and so do
   * its secrets and grants. Of two changes of the same at once the later holds. False when unknown, or when a
   * file declares it.
   */
  changeClient(
    id: string,
    changes: { readonly name?: string | undefined; readonly redirectUris?: readonly string[] | undefined },
  ): Promise<boolean>;
  /**
   * Uses up a client assertion (Q09): true for exactly one caller until `expiresAt`, false for every other.
   */
  useAssertion(assertionHash: SecretHash, expiresAt: Seconds): Promise<boolean>;
  /**
   * Removes the client with its codes, transactions, consents, grants and their access tokens (H19, T09).
   * False when unknown, or a file declares it, or, with `unlessShared`, it was registered more than once.
   */
  removeClient(id: string, unlessShared?: "unlessShared"): Promise<boolean>;
  /**
   * The operator vouches for a client that says of itself who it is, or does no longer: it counts as
   * `dynamicallyRegistered` or not from then on. Whoever replaces the client ends that. False when unknown.
   */
  vouchForClient(id: string, vouched: boolean): Promise<boolean>;
  /**
   * LEGACY (T03): keeps the hash of the clear-text secret beside it. No effect when the clear text is not
   * (any more) this one.
   */
  rememberSecretHash(id: ClientId, clearSecret: string, secretHash: SecretHash): Promise<void>;
  /**
   * LEGACY: puts the hash in the place of the clear-text secret; there is no way back to the old service
   * then. False, and nothing changed, when the clear text is not (any more) this one: of a change by somebody
   * else at the same moment none is lost.
   */
  forgetClearSecret(id: ClientId, clearSecret: string, secretHash: SecretHash): Promise<boolean>;
  /**
   * Gives a client another secret, in clear text too where `next` has it, and keeps the previous one good
   * until its end. False, and nothing changed, when its secrets are not (any more) those of `client`: of two
   * rotations at once one happens.
   */
  rotateSecret(
    client: Client,
    next: Pick<Client, "secretHash" | "clearSecret">,
    previous: PreviousSecret | undefined,
  ): Promise<boolean>;
}

/**
 * Protected resources and their introspection credentials. See {@link Store} for what holds for all
 * operations.
 */
export interface ResourceStore {
  findResource(identifier: ResourceIdentifier): Promise<Resource | undefined>;
  /** Oldest first. */
  listResources(): Promise<Resource[]>;
  /** False, and nothing changed, when the identifier is taken. */
  addResource(resource: Resource, credentialHash: SecretHash): Promise<boolean>;
  /**
   * Removes the resource and its credential, then ends, in small batches, all that was allowed for it:
   * transactions and codes under way, consents, grants with their access tokens. What moves from one to the
   * next meanwhile ends there; a rotation at the same moment leaves no live token behind. Once it resolves
   * nothing stored before it was asked lives on. Where the process dies in between, the rest is left for the
   * next call, which is why it looks for all that even when the resource is unknown; `undefined` when there
   * was nothing either, and, with nothing changed, for one that a file declares.
   */
  removeResource(identifier: ResourceIdentifier): Promise<{ readonly grants: number } | undefined>;
  /**
   * Gives the resource another name, other scopes or marks, other claims, or several of these; what is left
   * out stays as it is when this happens, whatever else changes it at the same moment, and so do its
   * credential and its grants. Nothing changes unless it is `changed`. Of two changes of the same at once the
   * later holds.
   */
  changeResource(identifier: ResourceIdentifier, changes: ResourceChanges): Promise<ResourceChange>;
  /**
   * Replaces the credential: the old one stops at once, or is kept beside the new one as the previous one,
   * and the one before it stops then. False when the resource is unknown, or a file declares it. Of two
   * rotations at once the later one's previous is the earlier one's.
   */
  replaceResourceCredential(
    identifier: ResourceIdentifier,
    credentialHash: SecretHash,
    keepUntil?: Seconds,
  ): Promise<boolean>;
  /** The resource whose introspection credential has this hash, or whose previous one, be it over or not. */
  findResourceByCredential(credentialHash: SecretHash): Promise<Resource | undefined>;
}

/**
 * Resources and clients that a file declares. See {@link Store} for what holds for all operations.
 */
export interface DeclarationStore {
  /**
   * Makes the declared resources, clients, or both what is given; what a command added under the same name is
   * declared from then on. One that was declared and is not given has left: it stays, and does nothing; given
   * again unchanged within {@link leftFor}, it is as if it had never left. Nothing changes unless it is
   * `declared`, nor when all is so already. Of two that declare at once the later one's declarations hold, as
   * a whole.
   */
  declare(declarations: Declarations, now: Seconds): Promise<DeclarationOutcome>;
  /** The fingerprints of the declarations that hold. */
  findDeclarations(): Promise<Partial<Record<DeclaredKind, string>>>;
  /**
   * Ends what was granted for one that left at `leftBefore` or earlier, in small batches, and removes it.
   * Returns how many grants; `undefined`, and nothing changed, for one that did not.
   */
  endLeft(name: DeclaredName, leftBefore: Seconds): Promise<{ readonly grants: number } | undefined>;
  /** How many live grants there are for it. Reads all grants where it is a resource. */
  countGrantsFor(name: DeclaredName, now: Seconds): Promise<number>;
}

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
   * block: address, name, groups and credential go. `undefined` when unknown.
   */
  removeAccount(subject: Subject): Promise<EndedHoldings | undefined>;
}

/**
 * Passkeys of people whose accounts are ours, and how they get them. See {@link Store} for what holds for all
 * operations.
 */
export interface PasskeyStore {
  /**
   * Stores an invitation, in the place of an earlier one to the same address, in any case: the later holds.
   */
  invite(invitation: Invitation): Promise<void>;
  /**
   * Stores an invitation for the first person, who has no address yet: false, and nothing changed, when
   * anybody has an account or another invitation is open. Of several processes that start at once exactly one
   * gets true; an {@link invite} at the same moment may leave its own besides (V60).
   */
  inviteFirst(invitation: Invitation, now: Seconds): Promise<boolean>;
  /** Ends the open invitation to this address, in any case. False when there is none. */
  cancelInvitation(email: string, now: Seconds): Promise<boolean>;
  /**
   * The open invitation, untouched however often it is looked at; undefined once a browser took it, but for
   * that one, which says so by `bindingHash`.
   */
  findInvitation(
    tokenHash: SecretHash,
    bindingHash: SecretHash | undefined,
    now: Seconds,
  ): Promise<Invitation | undefined>;
  /**
   * Binds an open invitation to a browser. Of several at once one gets true, as it does whenever it comes
   * again; the others get false, and change nothing (V61).
   */
  bindInvitation(tokenHash: SecretHash, bindingHash: SecretHash, now: Seconds): Promise<boolean>;
  /** The open invitation that this browser took, untouched. */
  findBoundInvitation(
    tokenHash: SecretHash,
    bindingHash: SecretHash,
    now: Seconds,
  ): Promise<Invitation | undefined>;
  /**
   * Uses up an invitation: in one step it goes, the account is created or brought up to date, the passkey
   * becomes its only one, and its sessions, transactions and codes end, its grants with `endsGrants`.
   * `registered` for exactly one caller; every other outcome changes nothing, not even the invitation.
   * `gone`: it is over, or another browser's. `known`: somebody has a passkey of this id, the person
   * themselves included. `held`: another person has the address, see {@link openSession}. `blocked`: the
   * operator has blocked the person.
   */
  completeInvitation(completion: {
    readonly tokenHash: SecretHash;
    readonly bindingHash: SecretHash;
    readonly account: Account;
    readonly passkey: Passkey;
    readonly now: Seconds;
  }): Promise<"registered" | "gone" | "known" | "held" | "blocked">;
  /**
   * Adds a passkey to a person's others. `known`: somebody has one of this id. `full`: there are `limit`
   * already; of several callers at once no more succeed than there is room for. `gone`: there is no such
   * person, or the operator has blocked them.
   */
  addPasskey(passkey: Passkey, limit: number): Promise<"added" | "known" | "full" | "gone">;
  findPasskey(id: string): Promise<{ readonly passkey: Passkey; readonly account: Account } | undefined>;
  /** Oldest first. */
  listPasskeys(subject: Subject): Promise<Passkey[]>;
  /**
   * Notes that a passkey signed: counter, backup state, time. False, and nothing changed, when it is gone, or
   * its counter is not below this one, unless both are 0: of two uses with one counter exactly one gets true
   * (V67).
   */
  usePasskey(
    id: string,
    use: { readonly counter: number; readonly backedUp: boolean; readonly at: Seconds },
  ): Promise<boolean>;
  /** Everybody who has passkeys, with the groups that their invitation gave them. */
  listPasskeyPeople(): Promise<{ readonly account: Account; readonly groups: readonly string[] }[]>;
  /** Replaces the groups of an account; of several at once, a sign-in among them, the last one holds. */
  changeGroups(subject: Subject, groups: readonly string[]): Promise<void>;
  /** How many passkeys were made for another host than this one, and are of no use there (V63). */
  countStrayPasskeys(rpId: string): Promise<number>;
  beginCeremony(ceremony: Ceremony): Promise<void>;
  /** The live one, untouched. */
  findCeremony(secretHash: SecretHash, now: Seconds): Promise<Ceremony | undefined>;
  /** Uses up a ceremony: of any number of callers exactly one gets it, whatever it does with it (V64). */
  takeCeremony(secretHash: SecretHash, now: Seconds): Promise<Ceremony | undefined>;
}

/**
 * Attempts to authorize, from the authorization request to the decision, and remembered decisions. See {@link
 * Store} for what holds for all operations.
 */
export interface TransactionStore {
  beginTransaction(transaction: Transaction): Promise<void>;
  /**
   * The transaction at stage `choice`, untouched: a person who comes back from one provider may choose
   * another.
   */
  findAwaitingChoice(
    handleHash: SecretHash,
    bindingHash: SecretHash,
    now: Seconds,
  ): Promise<Transaction | undefined>;
  /**
   * Takes a transaction off the stage `sign-in`, once: of any number of callers with the right handle and
   * binding exactly one gets it, the others undefined (C04). A wrong binding gets undefined and changes
   * nothing (C02).
   */
  claimSignIn(
    handleHash: SecretHash,
    bindingHash: SecretHash,
    now: Seconds,
  ): Promise<Transaction | undefined>;
  /** Puts a claimed transaction on the stage `consent`. False when it is gone or was not claimed. */
  awaitConsent(handleHash: SecretHash, signedIn: SignedIn, now: Seconds): Promise<boolean>;
  /** The transaction at stage `consent`, untouched. */
  findAwaitingConsent(
    handleHash: SecretHash,
    bindingHash: SecretHash,
    now: Seconds,
  ): Promise<Transaction | undefined>;
  /**
   * Ends a transaction, at whatever stage, and in the same step stores what came of it: the code, the
   * remembered consent, both, or nothing (denied, failed). True for exactly one caller; false for every later
   * one, which stores nothing (D16). False, and nothing changed, with a code for a person who is blocked: of
   * a block at the same moment it comes before, and the code ends with it, or after.
   */
  completeTransaction(
    handleHash: SecretHash,
    now: Seconds,
    outcome: { readonly code?: Code; readonly consent?: Consent },
  ): Promise<boolean>;
  /** The remembered consent of this person for exactly this client, redirect URI and resource. */
  findConsent(
    subject: Subject,
    clientId: ClientId,
    redirectUri: string,
    resource: ResourceIdentifier | undefined,
  ): Promise<Consent | undefined>;
}

/** Codes, grants and the tokens that belong to them. See {@link Store} for what holds for all operations. */
export interface GrantStore {
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
    grant: Grant,
    accessToken: AccessToken | undefined,
  ): Promise<Redemption>;
  findGrant(id: GrantId, now: Seconds): Promise<Grant | undefined>;
  /** The same, and whose it is, in one trip. */
  findGrantAndAccount(
    id: GrantId,
    now: Seconds,
  ): Promise<{ readonly grant: Grant; readonly account: Account | undefined } | undefined>;
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
      readonly grant: Grant;
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
   * The live grants that have a refresh token, by the key that it was made with. Reads all grants: seconds
   * among ten million.
   */
  countGrants(now: Seconds): Promise<GrantCount>;
}

/** What keeps a store from serving, and where to look. */
export interface StoreProblem {
  readonly check: "migrations" | "disk";
  readonly text: string;
}

/** What whoever runs the server needs of the store. See {@link Store} for what holds for all operations. */
export interface UpkeepStore {
  /**
   * What keeps this store from serving, in words for the operator and without secrets; empty when a write has
   * just been done durably, in the very database that was opened, and its schema is this version's. Changes
   * nothing that can be seen.
   */
  findProblems(): Promise<readonly StoreProblem[]>;
  /**
   * Whether the database was that of the service before us when we first used it, so that other services may
   * read access tokens in their table. Never changes.
   */
  wasOriginals(): Promise<boolean>;
  /**
   * Deletes at most `limit` rows of each kind that died before `now`: access tokens that were minted here,
   * grants, sessions, transactions, client assertions, invitations, ceremonies, codes an hour old, and
   * dynamically registered clients idle for `clientIdle` seconds that own no live grant, or that nobody ever
   * used and that were registered last `clientUnused` seconds ago (`clientIdle` when left out), unless
   * somebody is just signing in to them (H20, H21). Operator-provisioned clients never. What is kept to ask a
   * provider with goes too, a day after the sign-in, where no grant of the person is left. Returns how many
   * of each went; call again while a number equals `limit`.
   */
  sweep(now: Seconds, limit: number, clientIdle: Seconds, clientUnused?: Seconds): Promise<Swept>;
  close(): Promise<void>;
}

/** What `resources set` changes. See `changedScopes`. */
export interface ResourceChanges extends ScopeChanges {
  readonly name?: string | undefined;
  readonly claims?: Resource["claims"] | undefined;
}

export type ResourceChange =
  | { readonly outcome: "changed"; readonly resource: Resource }
  | { readonly outcome: "unknown" }
  /** A file declares it, and nobody else changes it. */
  | { readonly outcome: "declared"; readonly declared: Declared }
  /** The resource has no such scope, or it would be both default and optional. */
  | { readonly outcome: "no_such_scope" | "default_and_optional"; readonly scope: string };

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

export interface Swept {
  readonly accessTokens: number;
  readonly grants: number;
  readonly sessions: number;
  readonly transactions: number;
  readonly assertions: number;
  readonly invitations: number;
  readonly ceremonies: number;
  readonly codes: number;
  readonly clients: number;
  readonly unusedClients: number;
  readonly credentials: number;
}

/**
 * The store cannot answer now; the request may be tried again. Becomes 503 `temporarily_unavailable` with
 * `Retry-After`.
 */
export class StoreUnavailableError extends Error {
  override readonly name = "StoreUnavailableError";
  /** Where to look. */
  readonly check: "database" | StoreProblem["check"];
  constructor(message: string, options?: ErrorOptions & { readonly check?: StoreUnavailableError["check"] }) {
    super(message, options);
    this.check = options?.check ?? "database";
  }
}
