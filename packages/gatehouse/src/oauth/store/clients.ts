import type { Client, PreviousSecret } from "../records.ts";
import type { ClientId, Seconds, SecretHash } from "../values.ts";

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
   * False when unknown, or a file declares it, or, with `unlessShared`, it was registered more than once,
   * or, with `unlessUsed`, a code was ever redeemed through it.
   * One with many goes in steps (X11): with the first all of its tokens are worth nothing, everywhere at
   * once, and with the last it is gone. Of a redemption at the same moment it is before or after. Whoever
   * interrupts it asks again.
   */
  removeClient(id: string, unless?: "unlessShared" | "unlessUsed"): Promise<boolean>;
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
