import type { OAuthRequest } from "../messages/request.ts";
import type { SetCookie } from "../messages/response.ts";
import type { Identity } from "../ports.ts";
import type { Services } from "../services.ts";
import { readSignedText, signText } from "../tokens/signed-text.ts";
import { type Seconds, seconds } from "../values.ts";
import type { LiveSession } from "./session.ts";
import type { Visit } from "./visit.ts";

/*
 * When the person before this browser last proved, at their provider, that it is them. A session says who
 * signed in; whoever finds it open is not that person (Z31). Kept in a signed cookie beside the session's,
 * and worth nothing with another session.
 */

const cookieName = "gatehouse-presence";
const purpose = "proof of presence";

/**
 * What a sign-in proves of that: the provider's word where it gives one, which may be older than the
 * question; else that it was asked to have them sign in anew. Otherwise nothing: it may have known the
 * browser.
 */
export function provenAt(
  { authenticatedAt }: Pick<Identity, "authenticatedAt">,
  { prompt }: Pick<Visit, "prompt">,
  now: Seconds,
): Seconds | undefined {
  if (authenticatedAt !== undefined) return authenticatedAt > now ? now : authenticatedAt;
  return prompt === "login" ? now : undefined;
}

/** @param at `undefined`: what was proven before is forgotten */
export function rememberPresence(
  { settings }: Services,
  { sessionHash }: LiveSession,
  at: Seconds | undefined,
): SetCookie {
  if (at === undefined) return { name: cookieName, value: "", maxAge: 0 };
  return {
    name: cookieName,
    value: signText(settings, purpose, JSON.stringify([sessionHash, at])),
    maxAge: settings.lifetimes.session,
  };
}

/** `undefined`: nothing is known of it. */
export function presenceOf(
  { settings }: Services,
  request: Pick<OAuthRequest, "cookies">,
  { sessionHash }: LiveSession,
): Seconds | undefined {
  const value = request.cookies.get(cookieName);
  const text = value && readSignedText(settings, purpose, value);
  if (!text) return undefined;
  const [of, at] = JSON.parse(text) as [string, number];
  return of === sessionHash ? seconds(at) : undefined;
}
