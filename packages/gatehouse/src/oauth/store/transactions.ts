import type { Code, Consent, SignedIn, Transaction } from "../records.ts";
import type { ClientId, ResourceIdentifier, Seconds, SecretHash, Subject } from "../values.ts";

/** How it stands with an attempt to authorize. */
export interface AttemptState {
  readonly reference: string | undefined;
  readonly clientId: ClientId;
  /** `claimed`: the provider's answer has been taken, and is being looked at. */
  readonly stage: "choice" | "sign-in" | "claimed" | "consent";
  readonly expiresAt: Seconds;
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
   * How it stands with an attempt, at whatever stage and whoever asks, up to a quarter of an hour after it
   * expired; for the log and to say what went wrong, and for nothing else.
   */
  findAttempt(handleHash: SecretHash): Promise<AttemptState | undefined>;
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
