import type { Attempt } from "../../oauth/authorization/attempt.ts";
import type { OAuthRequest } from "../../oauth/messages/request.ts";
import type { Clock, Events, Random } from "../../oauth/ports.ts";
import type { Account } from "../../oauth/records.ts";
import type { PasskeyStore } from "../../oauth/store/passkeys.ts";
import type { PeopleStore } from "../../oauth/store/people.ts";

/** What the pages and the provider share: who we are towards authenticators, and what we are handed. */
export interface RelyingParty {
  /** Our own issuer, on a host with a name: an IP address has no passkeys. */
  readonly issuer: string;
  /** Of the provider, as the operator calls it. */
  readonly name: string;
  readonly store: PasskeyStore & Pick<PeopleStore, "findAccounts">;
  readonly clock: Clock;
  readonly random: Random;
  readonly events: Events;
  /** What a sign-in was begun with, in this browser, by the `state` that its page came with. */
  readonly resume: (request: OAuthRequest, state: string | undefined) => Attempt | undefined;
  /** Whether an address is one that people with passkeys may have, and not another provider's (V17, V69). */
  readonly mayHold: (email: string) => boolean;
  /** The groups that the configuration gives whoever has this address, besides those of the invitation. */
  readonly groupsOf: (email: string) => readonly string[];
}

/** The host of the issuer, exactly: what passkeys are made for (V63, WebAuthn §4 RP ID). */
export const rpIdOf = (issuer: string): string => new URL(issuer).hostname;

/** The issuer of people whose accounts are ours. */
export const passkeyIssuer = (issuer: string): string => `${issuer}/passkey`;

/** Whether an account is one of ours, and so can have passkeys. */
export const hasPasskeys = ({ issuer: its }: Pick<Account, "issuer">, issuer: string): boolean =>
  its === passkeyIssuer(issuer);

/** Passkeys a person may have (V68). */
export const maxPasskeys = 20;

/** Where the pages are, below the issuer. */
export const paths = {
  signIn: "/passkey/sign-in",
  invitation: "/passkey/invitation",
  registration: "/passkey/register",
  own: "/passkeys",
} as const;
