import type { Config } from "../config/config.ts";
import { speaksFor } from "../identity/domains.ts";
import { type InvitationRefusal, type Invited, invitePerson } from "../identity/passkey/invite.ts";
import { hasPasskeys } from "../identity/passkey/relying-party.ts";
import { sendMail } from "../mail/mailer.ts";
import type { AuditEvent, Clock, Random } from "../oauth/ports.ts";
import type { KnownAccount } from "../oauth/records.ts";
import type { Store } from "../oauth/store.ts";
import { formatInstant } from "../oauth/values.ts";
import { invitationMail, type mailLanguages } from "../pages/mail.ts";
import { otherDomains } from "./sign-in.ts";

export { mailLanguages } from "../pages/mail.ts";
export type MailLanguage = (typeof mailLanguages)[number];

/** An invitation that is open, and how it gets to the person it is for. */
export interface HandedInvitation extends Omit<Invited, "link"> {
  /** To be handed to that person only, and shown once; `undefined`: it was mailed to them. */
  readonly link: string | undefined;
  /** As the audit trail has it. */
  readonly act: Pick<AuditEvent, "name" | "subject" | "detail">;
}

/** The mail server did not take it, for the reason in `cause`. */
export class NotMailedError extends Error {
  override readonly name = "NotMailedError";
  constructor(cause: unknown) {
    super("the mail server did not take the invitation, so nobody is invited", { cause });
  }
}

/**
 * Invites somebody to an account of this server, by mail when a mail server is configured; `off` where there
 * are no such accounts.
 * @param about as `invitePerson` takes it, and the language of the mail
 * @throws NotMailedError
 */
export async function invite(
  config: Config,
  store: Store,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
  about: Parameters<typeof invitePerson>[1] & { readonly language: MailLanguage },
): Promise<HandedInvitation | InvitationRefusal | { readonly refused: "off" }> {
  const provider = config.providers.find(({ kind }) => kind === "passkey");
  if (provider === undefined) return { refused: "off" };
  const others = config.providers.filter((each) => each !== provider);
  const mayHold = speaksFor(provider.domains, otherDomains(others));
  const { issuer } = config.settings;
  const invited = await invitePerson({ issuer, store, clock, random, mayHold }, about);
  if ("refused" in invited) return invited;
  const { subject, email, expiresAt } = invited;
  let mailed = false;
  try {
    mailed = await mailInvitation(config, invited, about.language);
  } catch (error) {
    await store.cancelInvitation(email, clock.now());
    throw new NotMailedError(error);
  }
  const detail = [`until ${formatInstant(expiresAt)} UTC`, ...(mailed ? ["mailed"] : [])].join(", ");
  const act = { name: "invitation_created", subject, detail } as const;
  return { ...invited, link: mailed ? undefined : invited.link, act };
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
async function mailInvitation(
  { mail }: Pick<Config, "mail">,
  invited: Invited,
  language: MailLanguage,
): Promise<boolean> {
  if (mail === undefined) return false;
  await sendMail(mail, invited.email, invitationMail(invited, language));
  return true;
}
