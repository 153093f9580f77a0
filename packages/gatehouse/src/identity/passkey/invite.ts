import type { Clock, Random } from "../../oauth/ports.ts";
import type { Account, Invitation } from "../../oauth/records.ts";
import type { PasskeyStore } from "../../oauth/store/passkeys.ts";
import type { PeopleStore } from "../../oauth/store/people.ts";
import { subjectOf } from "../../oauth/subject.ts";
import { invitationPrefix } from "../../oauth/tokens/prefixes.ts";
import { hashSecret, mintSecret } from "../../oauth/tokens/secret.ts";
import { after, type Seconds, type Subject, seconds } from "../../oauth/values.ts";
import { domainOf } from "../domains.ts";
import { isEmailAddress } from "../email-address.ts";
import { hasPasskeys, passkeyIssuer, paths } from "./relying-party.ts";

/** Seconds that the first person's link is good for (V60). */
const firstLifetime = seconds(3600);

interface Inviting {
  /** Our own issuer. */
  readonly issuer: string;
  readonly store: PasskeyStore & Pick<PeopleStore, "findAccounts">;
  readonly clock: Clock;
  readonly random: Random;
}

export interface Invited {
  /** Whose account it makes, or gives new passkeys. */
  readonly subject: Subject;
  /** To be handed to that person only: whoever opens it first can become them. */
  readonly link: string;
  readonly email: string;
  readonly expiresAt: Seconds;
  /** Whether that person has an account already, whose passkeys it replaces. */
  readonly replaces: boolean;
}

export type InvitationRefusal =
  | { readonly refused: "malformed" }
  | { readonly refused: "blocked" }
  /** Its domain belongs to another provider (V17). */
  | { readonly refused: "foreign" }
  /** This person, of another provider, has the address (V69). */
  | { readonly refused: "held"; readonly holder: Account };

/** Invites somebody: whoever has the link can register a passkey as that person, once (V61, V68, V69). */
export async function invitePerson(
  inviting: Inviting & { readonly mayHold: (email: string) => boolean },
  about: {
    readonly email: string;
    readonly groups: readonly string[];
    /** Whether the grants of somebody who has an account end when it is used. */
    readonly endsGrants: boolean;
    readonly lifetime: Seconds;
  },
): Promise<Invited | InvitationRefusal> {
  const { issuer, store, mayHold } = inviting;
  const email = canonicalAddress(about.email);
  if (email === undefined) return { refused: "malformed" };
  if (!mayHold(email)) return { refused: "foreign" };
  const accounts = await store.findAccounts(email);
  const holder = accounts.find((account) => !hasPasskeys(account, issuer));
  if (holder !== undefined) return { refused: "held", holder };
  const [account] = accounts;
  if (account?.blockedAt !== undefined) return { refused: "blocked" };
  const userHandle = account?.upstreamSubject;
  const { invitation, link } = makeInvitation(inviting, { ...about, email, userHandle });
  await store.invite(invitation);
  const { subject, expiresAt } = invitation;
  return { subject, link, email, expiresAt, replaces: account !== undefined };
}

/** The link for the first person, when nobody is there yet and nobody invited (V60). */
export async function inviteFirstPerson(
  inviting: Inviting,
): Promise<{ readonly link: string; readonly subject: Subject } | undefined> {
  const about = { email: "", groups: [], endsGrants: false, lifetime: firstLifetime };
  const { invitation, link } = makeInvitation(inviting, about);
  const { store, clock } = inviting;
  const { subject } = invitation;
  return (await store.inviteFirst(invitation, clock.now())) ? { link, subject } : undefined;
}

function makeInvitation(
  { issuer, clock, random }: Inviting,
  about: Pick<Invitation, "email" | "groups" | "endsGrants"> & {
    readonly lifetime: Seconds;
    readonly userHandle?: string | undefined;
  },
): { readonly invitation: Invitation; readonly link: string } {
  const { email, groups, endsGrants, lifetime } = about;
  const userHandle = about.userHandle ?? random.bytes(64).toString("base64url"); // V65
  const token = mintSecret(random, invitationPrefix);
  const createdAt = clock.now();
  return {
    link: `${issuer}${paths.invitation}?token=${token}`,
    invitation: {
      tokenHash: hashSecret(token),
      email,
      subject: subjectOf({ issuer: passkeyIssuer(issuer), subject: userHandle }),
      userHandle,
      groups,
      endsGrants,
      createdAt,
      expiresAt: after(createdAt, lifetime),
    },
  };
}

/** With its domain in lower case and its ASCII form, as domains are compared (V16). */
export function canonicalAddress(text: string): string | undefined {
  const email = text.trim();
  if (!isEmailAddress(email)) return undefined;
  return `${email.slice(0, email.lastIndexOf("@"))}@${domainOf(email)}`;
}
