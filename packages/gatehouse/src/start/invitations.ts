import type { Config } from "../config/config.ts";
import { speaksFor } from "../identity/domains.ts";
import { type InvitationRefusal, type Invited, invitePerson } from "../identity/passkey/invite.ts";
import { hasPasskeys } from "../identity/passkey/relying-party.ts";
import { sendMail } from "../mail/mailer.ts";
import type { Clock, Random } from "../oauth/ports.ts";
import type { KnownAccount } from "../oauth/records.ts";
import type { Store } from "../oauth/store.ts";
import { invitationMail, type mailLanguages } from "../pages/mail.ts";
import { otherDomains } from "./sign-in.ts";

export { mailLanguages } from "../pages/mail.ts";
export type MailLanguage = (typeof mailLanguages)[number];

/**
 * Invites somebody to an account of this server; `off` where there are none.
 * @param about as `invitePerson` takes it
 */
export async function invite(
  config: Config,
  store: Store,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
  about: Parameters<typeof invitePerson>[1],
): Promise<Invited | InvitationRefusal | { readonly refused: "off" }> {
  const provider = config.providers.find(({ kind }) => kind === "passkey");
  if (provider === undefined) return { refused: "off" };
  const others = config.providers.filter((each) => each !== provider);
  const mayHold = speaksFor(provider.domains, otherDomains(others));
  return invitePerson({ issuer: config.settings.issuer, store, clock, random, mayHold }, about);
}

/** Who has this address, and an account of this server that an invitation may give new passkeys. */
export async function findInvitable(
  { settings }: Pick<Config, "settings">,
  store: Store,
  email: string,
): Promise<KnownAccount[]> {
  const accounts = await store.findAccounts(email);
  return accounts.filter(
    (account) => hasPasskeys(account, settings.issuer) && account.blockedAt === undefined,
  );
}

/**
 * Mails an invitation's link to the person it is for, when a mail server is configured. False when not.
 * Rejects when that server does not take it.
 */
export async function mailInvitation(
  { mail }: Pick<Config, "mail">,
  invited: Invited,
  language: MailLanguage,
): Promise<boolean> {
  if (mail === undefined) return false;
  await sendMail(mail, invited.email, invitationMail(invited, language));
  return true;
}
