import { createHmac } from "node:crypto";
import type { OAuthRequest } from "../messages/request.ts";
import type { SetCookie } from "../messages/response.ts";
import { type Identity, SignInError } from "../ports.ts";
import type { BrowserSession } from "../records.ts";
import type { Services } from "../services.ts";
import { subjectOf } from "../subject.ts";
import { hashSecret, mintSecret } from "../tokens/secret.ts";
import { after, type Seconds, type SecretHash } from "../values.ts";

/*
 * The browser's session with this server: whoever signed in for one client is not asked again for the next,
 * only to consent.
 */

const cookieName = "gatehouse-session";

export interface LiveSession extends BrowserSession {
  readonly sessionHash: SecretHash;
  readonly secret: string;
}

/** The session the browser's cookie stands for, if it is alive; its idle clock starts anew. */
export async function readSession(
  services: Services,
  request: OAuthRequest,
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
 * Throws {@link SignInError} when the operator has blocked them; then nothing has changed.
 */
export async function openSession(
  services: Services,
  request: OAuthRequest,
  identity: Identity,
): Promise<{ session: LiveSession; cookie: SetCookie }> {
  const { clock, random, settings, store } = services;
  const earlier = request.cookies.get(cookieName);
  const secret = mintSecret(random);
  const authTime = clock.now();
  const session: LiveSession = {
    secret,
    sessionHash: hashSecret(secret),
    authTime,
    account: {
      subject: subjectOf(identity),
      issuer: identity.issuer,
      upstreamSubject: identity.subject,
      provider: identity.provider,
      email: identity.email,
      name: identity.name,
      groups: identity.groups,
      confirmedAt: authTime,
    },
  };
  const opened = await store.openSession({
    sessionHash: session.sessionHash,
    replaces: earlier === undefined ? undefined : hashSecret(earlier),
    account: session.account,
    authTime,
    expiresAt: after(authTime, settings.lifetimes.session),
    sid: identity.sid,
  });
  if (opened === "blocked") {
    throw new SignInError("access_denied", `the operator has blocked ${session.account.subject}`, {
      hint: "this person may not use this server",
      reason: { key: "blockedPerson" },
      account: identity.email || identity.subject,
    });
  }
  return { session, cookie: sessionCookie(secret, settings.lifetimes.session) };
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
