import { createHmac } from "node:crypto";
import { factsOf } from "../clients/request-facts.ts";
import { type OAuthRequest, originOf } from "../messages/request.ts";
import type { SetCookie } from "../messages/response.ts";
import { type Access, type Identity, SignInError } from "../ports.ts";
import type { Account, BrowserSession } from "../records.ts";
import type { Services } from "../services.ts";
import { keptOf, subjectOf } from "../subject.ts";
import { sealCredential } from "../tokens/sealed-credential.ts";
import { hashSecret, mintSecret } from "../tokens/secret.ts";
import { after, type Seconds, type SecretHash, type Subject } from "../values.ts";
import { requireSignIn } from "./access.ts";

/*
 * The browser's session with this server: whoever signed in for one client is not asked again for the next,
 * only to consent.
 */

const cookieName = "gatehouse-session";

export interface LiveSession extends BrowserSession {
  readonly sessionHash: SecretHash;
  readonly secret: string;
}

/** Whether the browser brings a session's cookie, alive or not. */
export const hasSession = (cookies: OAuthRequest["cookies"]): boolean => cookies.has(cookieName);

/** The session the browser's cookie stands for, if it is alive; its idle clock starts anew. */
export async function readSession(
  services: Services,
  request: Pick<OAuthRequest, "cookies">,
): Promise<LiveSession | undefined> {
  const secret = request.cookies.get(cookieName);
  if (secret === undefined) return undefined;
  const sessionHash = hashSecret(secret);
  const { clock, settings, store } = services;
  const session = await store.findSession(sessionHash, clock.now(), settings.lifetimes.sessionIdle);
  return session === undefined ? undefined : { ...session, sessionHash, secret };
}

/**
 * Opens a session for who just signed in, under a new identifier; the browser's earlier one ends (S05).
 * Throws {@link SignInError}, and nothing has changed, when the operator's rules do not let them in, the
 * operator has blocked them, or the address is another person's (V21).
 * @param access the rules in force
 */
export async function openSession(
  services: Services,
  request: OAuthRequest,
  identity: Identity,
  access: Access | undefined,
): Promise<{ session: LiveSession; cookie: SetCookie }> {
  const { clock, random, settings, store } = services;
  const earlier = request.cookies.get(cookieName);
  const secret = mintSecret(random);
  const authTime = clock.now();
  const session: LiveSession = {
    secret,
    sessionHash: hashSecret(secret),
    authTime,
    account: accountOf(identity, authTime),
  };
  requireSignIn(access, session.account);
  const result = await store.openSession({
    sessionHash: session.sessionHash,
    replaces: earlier === undefined ? undefined : hashSecret(earlier),
    account: session.account,
    authTime,
    expiresAt: after(authTime, settings.lifetimes.session),
    sid: identity.sid,
    credential: credentialToKeep(services, identity, session.account.subject),
  });
  if (result.outcome === "blocked") throw blocked(session.account);
  if (result.outcome === "address_held")
    throw addressTaken(services, request, session.account, result.holder);
  if (result.formerEmail !== undefined) tellOfChange(services, request, session.account, result.formerEmail);
  return { session, cookie: sessionCookie(secret, settings.lifetimes.session) };
}

function accountOf(identity: Identity, confirmedAt: Seconds): Account {
  return {
    subject: subjectOf(identity),
    issuer: identity.issuer,
    upstreamSubject: identity.subject,
    provider: identity.provider,
    ...keptOf(identity),
    confirmedAt,
  };
}

function blocked({ subject, email, upstreamSubject, name }: Account): SignInError {
  return new SignInError("access_denied", `the operator has blocked ${subject}`, {
    hint: "this person may not use this server",
    reason: { key: "blockedPerson" },
    logReason: "blocked",
    account: email || upstreamSubject,
    accountName: name,
  });
}

/** V21. Only the log hears who has it. */
function addressTaken(
  { events }: Services,
  request: OAuthRequest,
  account: Account,
  holder: Account,
): SignInError {
  const detail = `${account.email} is the address of ${personOf(holder)}, and ${personOf(account)} came with it; if it is theirs now: gatehouse people release ${account.email}`;
  events.emit({ name: "address_moved", ...factsOf(request), account: account.email, detail });
  return new SignInError("access_denied", `the address belongs to ${personOf(holder)}`, {
    hint: "the e-mail address of this account belongs to another person here",
    reason: { key: "addressTaken" },
    logReason: "address taken",
    account: account.email,
    accountName: account.name,
  });
}

/** V20. */
function tellOfChange(services: Services, request: OAuthRequest, account: Account, former: string): void {
  services.events.emit({
    name: "address_changed",
    ...originOf(request),
    subject: account.subject,
    detail: `from ${former || "none"} to ${account.email || "none"}`,
  });
}

function personOf({ issuer, upstreamSubject }: Account): string {
  return `(${issuer}, ${upstreamSubject})`;
}

export function forgetSession(): SetCookie {
  return sessionCookie("", 0);
}

/** The CSRF value of the sign-out form. */
export function signOutToken(session: LiveSession): string {
  return createHmac("sha256", session.secret).update("sign out").digest("base64url");
}

function sessionCookie(value: string, maxAge: Seconds | 0): SetCookie {
  return { name: cookieName, value, maxAge };
}

/**
 * C20: what a provider gave is kept only where it is needed, to ask it again. One that gives it at the first
 * sign-in alone is asked with that.
 */
function credentialToKeep(
  { providers, random, settings }: Services,
  { provider, credential }: Identity,
  subject: Subject,
): string | null | undefined {
  if (providers.find(provider)?.revalidation === undefined) return null;
  return credential && sealCredential(credential, subject, random, settings);
}
