import type { OAuthRequest } from "../messages/request.ts";
import type { SetCookie } from "../messages/response.ts";
import { type IdentityProvider, type SignInAttempt, SignInError } from "../ports.ts";
import type { Services } from "../services.ts";
import type { Settings } from "../settings.ts";
import { hashSecret } from "../tokens/secret.ts";
import { readSignedText, signText } from "../tokens/signed-text.ts";
import { type Attempt, attemptOf, resumeAttempt, signInAttempt, startAttempt } from "./attempt.ts";
import { clientErrorOf } from "./sign-in.ts";

/*
 * A sign-in that no client asked for: on the home page, or anew for the console. All that has to be known
 * when the browser comes back stands in a cookie of its own, signed, and nothing in the store: whoever begins
 * many of them fills nobody's table. The provider's code is good once, and so is what comes back with it.
 */

/** What the sign-in was begun for. */
export interface Visit {
  /** The name of the provider. */
  readonly provider: string;
  readonly prompt: "select_account" | "login";
  /** Path, with a query, on our own origin: where the browser goes on to. */
  readonly returnTo: string;
}

type VisitServices = Pick<Services, "clock"> & { readonly settings: Pick<Settings, "secretKeys"> };

const cookiePrefix = "gatehouse-visit-";
/** A browser that begins more of them loses the oldest: any page can have it begin many. */
const maxVisits = 3;
const purpose = "sign-in without a client";

/** A cookie has 4 kB: of what is longer only the path is returned to. */
const maxReturnTo = 2000;

/**
 * Where at the provider the person has to go, and the cookie that must be set with it. Throws `OAuthError`
 * when the provider cannot be reached.
 */
export async function startVisit(
  { clock, random, settings }: Services,
  request: Pick<OAuthRequest, "cookies">,
  provider: IdentityProvider,
  about: Omit<Visit, "provider"> & Pick<SignInAttempt, "maxAge" | "loginHint">,
): Promise<{ readonly location: URL; readonly cookies: readonly SetCookie[] }> {
  const { prompt, returnTo, maxAge, loginHint } = about;
  const attempt = startAttempt(random);
  const lifetime = settings.lifetimes.transaction;
  const asked = { ...signInAttempt(attempt, prompt), maxAge, loginHint };
  const location = await provider.signInUrl(asked).catch((thrown: unknown) => {
    throw thrown instanceof SignInError ? clientErrorOf(thrown, provider.name) : thrown;
  });
  const kept = returnTo.length > maxReturnTo ? (returnTo.split("?", 1)[0] ?? "") : returnTo;
  const until = clock.now() + lifetime;
  const text = JSON.stringify([attempt.handle, attempt.secret, provider.name, prompt, kept, until]);
  const value = signText(settings, purpose, text);
  const earlier = [...request.cookies.keys()].filter((name) => name.startsWith(cookiePrefix));
  const surplus = earlier.slice(0, Math.max(0, earlier.length - maxVisits + 1));
  return {
    location,
    cookies: [
      ...surplus.map((name) => ({ name, value: "", maxAge: 0 })),
      { name: cookieName(attempt.handleHash), value, maxAge: lifetime },
    ],
  };
}

/** The visit that this `state` belongs to, in this browser; `undefined`: there is none, or it is over. */
export function resumeVisit(
  { clock, settings }: VisitServices,
  request: OAuthRequest,
  state: string,
): { readonly visit: Visit; readonly attempt: Attempt } | undefined {
  const value = request.cookies.get(cookieName(hashSecret(state)));
  const text = value && readSignedText(settings, purpose, value);
  if (!text) return undefined;
  const [handle, secret, provider, prompt, returnTo, until] = JSON.parse(text) as [
    ...[handle: string, secret: string, provider: string, prompt: Visit["prompt"], returnTo: string],
    until: number,
  ];
  if (handle !== state || until < clock.now()) return undefined;
  return { visit: { provider, prompt, returnTo }, attempt: attemptOf(handle, secret) };
}

/** The attempt that this `state` belongs to, in this browser, whether a client asked for it or none did. */
export function resumeSignIn(
  services: VisitServices,
  request: OAuthRequest,
  state: string | undefined,
): Attempt | undefined {
  const visit = state === undefined ? undefined : resumeVisit(services, request, state);
  return visit?.attempt ?? resumeAttempt(request, state);
}

export function releaseVisit({ handleHash }: Attempt): SetCookie {
  return { name: cookieName(handleHash), value: "", maxAge: 0 };
}

const cookieName = (handleHash: string) => cookiePrefix + handleHash.slice(0, 12);
