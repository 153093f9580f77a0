import { OAuthError } from "../messages/errors.ts";
import type { OAuthRequest } from "../messages/request.ts";
import { type AuditEvent, type IdentityProvider, type Revalidation, SignInError } from "../ports.ts";
import type { Account } from "../records.ts";
import type { Services } from "../services.ts";
import type { ConfirmationClaim } from "../store/people.ts";
import { keptOf, subjectOf } from "../subject.ts";
import { openCredential, sealCredential } from "../tokens/sealed-credential.ts";
import { after, type Seconds, type Subject, seconds } from "../values.ts";
import type { HeldGrant } from "./held-grant.ts";

/*
 * Whether a person is still who their provider confirmed (V55-V57). Where it has been longer than the
 * operator allows, the provider is asked before a refresh is answered, by what it gave at the sign-in. A
 * person it knows no more, or whom it cannot be asked about, is not signed out: their grants answer no
 * refresh until they sign in again, and are good from then on.
 */

/** Seconds between two questions about one person, however many clients refresh at how many instances. */
const pause = seconds(60);

/** Whether anybody's grants need a look at their account at all. */
export function revalidates({ providers }: Pick<Services, "providers">): boolean {
  return providers.all.some(({ revalidation }) => revalidation !== undefined);
}

/** Whether the provider has to confirm this person before more is done in their name. */
function isDue(
  { confirmedAt }: Pick<Account, "confirmedAt">,
  { every }: Revalidation,
  now: Seconds,
): boolean {
  return confirmedAt === undefined || now - confirmedAt > every;
}

/** Whether that is so of somebody who is signed in with a browser: then they have to sign in again. */
export function isConfirmationDue({ clock, providers }: Services, account: Account): boolean {
  const revalidation = providers.find(account.provider)?.revalidation;
  return revalidation !== undefined && isDue(account, revalidation, clock.now());
}

/**
 * The held grant, with its person confirmed as recently as their provider's `revalidate` wants. Costs nothing
 * while that is so.
 * @throws OAuthError `invalid_grant` when only a sign-in can confirm them, or their provider knows them no
 * more; `temporarily_unavailable` when it has not answered for longer than `revalidate_grace`. Nothing of the
 * grant has changed then
 */
export async function confirmPerson(
  services: Services,
  request: OAuthRequest,
  held: HeldGrant,
): Promise<HeldGrant> {
  const { account } = held;
  const provider = account && services.providers.find(account.provider);
  const revalidation = provider?.revalidation;
  if (account === undefined || provider === undefined || revalidation === undefined) return held;
  if (!isDue(account, revalidation, services.clock.now())) return held;
  const confirmed = await askOnce(services, account.subject, () =>
    ask(services, request, provider, revalidation, account),
  );
  return { account: confirmed, grant: { ...held.grant, email: confirmed.email } };
}

const asking = new WeakMap<Services, Map<Subject, Promise<Account>>>();

/** Those who need the same answer at this moment wait for it together. */
function askOnce(services: Services, subject: Subject, question: () => Promise<Account>): Promise<Account> {
  const running = asking.get(services) ?? new Map<Subject, Promise<Account>>();
  asking.set(services, running);
  const known = running.get(subject);
  if (known !== undefined) return known;
  const answer = question().finally(() => running.delete(subject));
  running.set(subject, answer);
  return answer;
}

async function ask(
  services: Services,
  request: OAuthRequest,
  provider: IdentityProvider,
  revalidation: Revalidation,
  account: Account,
): Promise<Account> {
  const { clock, store } = services;
  const claim = await store.claimConfirmation(account.subject, clock.now(), pause);
  switch (claim?.outcome) {
    case undefined:
    case "unable":
      throw unconfirmed();
    case "tried":
      // Another client's refresh asked a moment ago, or asks at another instance right now.
      return isDue(claim.account, revalidation, clock.now())
        ? withinGrace(services, revalidation, claim)
        : claim.account;
    case "claimed":
      return askProvider(services, request, provider, revalidation, claim);
  }
}

async function askProvider(
  services: Services,
  request: OAuthRequest,
  provider: IdentityProvider,
  revalidation: Revalidation,
  claim: Extract<ConfirmationClaim, { outcome: "claimed" }>,
): Promise<Account> {
  const { clock, random, settings, store } = services;
  const { account } = claim;
  const { subject } = account;
  const credential = openCredential(claim.credential, subject, settings);
  if (credential === undefined || provider.confirm === undefined) {
    return refuse(services, request, account, "the stored credential cannot be used any more");
  }
  try {
    const identity = await provider.confirm(credential, account.upstreamSubject);
    if (subjectOf(identity) !== subject) {
      return await refuse(services, request, account, "the provider answered about another person");
    }
    const confirmed = { ...account, ...keptOf(identity), confirmedAt: clock.now() };
    const sealed = sealCredential(identity.credential ?? credential, subject, random, settings);
    const outcome = await store.confirmAccount(confirmed, sealed);
    if (outcome === "gone") throw unconfirmed();
    if (outcome === "held") return await refuse(services, request, account, "another person has the address");
    tell(services, request, "person_confirmed", account);
    if (confirmed.email !== account.email) {
      const change = `from ${account.email || "none"} to ${confirmed.email || "none"}`;
      tell(services, request, "address_changed", account, change); // V20
    }
    return confirmed;
  } catch (error) {
    if (!(error instanceof SignInError)) throw error;
    if (error.code === "access_denied") return refuse(services, request, account, error.message);
    const failingSince = await store.noteUnconfirmed(subject, clock.now());
    tell(services, request, "confirmation_failed", account, error.message);
    return withinGrace(services, revalidation, { ...claim, failingSince, triedAt: clock.now() });
  }
}

/** Only a sign-in helps from here on, so the provider is not asked again. */
async function refuse(
  services: Services,
  request: OAuthRequest,
  account: Account,
  why: string,
): Promise<never> {
  await services.store.forgetCredential(account.subject);
  tell(services, request, "person_unconfirmed", account, why);
  throw unconfirmed();
}

/**
 * V57: an outage of the provider is no loss of access at once, and never one that a client takes for final.
 */
function withinGrace(
  { clock }: Services,
  { grace }: Revalidation,
  {
    account,
    failingSince,
    triedAt,
  }: Pick<Extract<ConfirmationClaim, { outcome: "tried" }>, "account" | "failingSince" | "triedAt">,
): Account {
  const now = clock.now();
  const isNew = failingSince !== undefined && failingSince > (account.confirmedAt ?? 0);
  if (now - (isNew ? failingSince : now) < grace) return account;
  throw new OAuthError("temporarily_unavailable", {
    hint: "the identity provider cannot be reached to confirm this person",
    headers: { "Retry-After": String(Math.max(1, after(triedAt, pause) - now)) },
  });
}

function unconfirmed(): OAuthError {
  return new OAuthError("invalid_grant", { hint: "the person has to sign in again" });
}

function tell(
  { events }: Services,
  { id, address }: OAuthRequest,
  name: AuditEvent["name"],
  { subject }: Account,
  detail?: string,
): void {
  events.emit({ name, request: id, subject, address, detail });
}
