import type { Account, Ceremony, Invitation, Passkey } from "../records.ts";
import type { Seconds, SecretHash, Subject } from "../values.ts";

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
  /**
   * Removes one of a person's passkeys. `last`: it is their only one, without which they could not come in
   * any more: of several callers who want to remove the last two exactly one succeeds. `gone`: they have no
   * such one.
   */
  removePasskey(subject: Subject, id: string): Promise<"removed" | "last" | "gone">;
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
