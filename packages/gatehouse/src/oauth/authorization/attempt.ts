import { createHmac } from "node:crypto";
import type { OAuthRequest } from "../messages/request.ts";
import type { SetCookie } from "../messages/response.ts";
import type { Random, SignInAttempt } from "../ports.ts";
import { codePrefix } from "../tokens/prefixes.ts";
import { hashSecret, mintSecret } from "../tokens/secret.ts";
import type { Seconds, SecretHash } from "../values.ts";

/*
 * What ties one attempt to authorize to one browser (C02). Each attempt has a handle, which travels as
 * upstream `state` and in the consent form, and a secret in a cookie of its own, so that two tabs do not
 * disturb each other (C06). Everything else an attempt needs to keep secret is derived from the cookie's: the
 * store holds nothing that could finish an attempt (T-n1).
 */

export interface Attempt {
  /** Random; public to the identity provider. */
  readonly handle: string;
  /** Random; known to the browser alone. */
  readonly secret: string;
  readonly handleHash: SecretHash;
  readonly bindingHash: SecretHash;
}

const cookiePrefix = "gatehouse-attempt-";
/** A browser that starts more attempts than this loses the oldest. */
const maxAttempts = 8;

export function startAttempt(random: Random): Attempt {
  return attemptOf(mintSecret(random), mintSecret(random));
}

/**
 * The attempt the request carries the handle and the cookie of; `undefined` when it is not this browser's
 * (C02).
 */
export function resumeAttempt(request: OAuthRequest, handle: string | undefined): Attempt | undefined {
  if (handle === undefined || !/^[A-Za-z0-9_-]{43}$/.test(handle)) return undefined;
  const secret = request.cookies.get(cookieName(hashSecret(handle)));
  return secret === undefined ? undefined : attemptOf(handle, secret);
}

/** Whether this browser brings the cookie of any attempt. */
export function hasAttempts({ cookies }: OAuthRequest): boolean {
  return [...cookies.keys()].some((name) => name.startsWith(cookiePrefix));
}

/** Sets the attempt's cookie, and deletes the oldest ones of a browser that piles them up. */
export function bindAttempt(request: OAuthRequest, attempt: Attempt, maxAge: Seconds): SetCookie[] {
  const earlier = [...request.cookies.keys()].filter((name) => name.startsWith(cookiePrefix));
  const surplus = earlier.slice(0, Math.max(0, earlier.length - maxAttempts + 1));
  return [
    ...surplus.map((name) => ({ name, value: "", maxAge: 0 })),
    { name: cookieName(attempt.handleHash), value: attempt.secret, maxAge },
  ];
}

export function releaseAttempt(attempt: Attempt): SetCookie {
  return { name: cookieName(attempt.handleHash), value: "", maxAge: 0 };
}

/**
 * State, nonce and PKCE verifier towards the identity provider: fresh per attempt, none of them stored (C01,
 * C07, C08).
 */
export function signInAttempt(attempt: Attempt, prompt: SignInAttempt["prompt"]): SignInAttempt {
  return {
    state: attempt.handle,
    nonce: derive(attempt, "nonce"),
    codeVerifier: derive(attempt, "code verifier"),
    prompt,
  };
}

/** The CSRF value of the attempt's consent form: bound to the browser and to the attempt (D08). */
export function consentToken(attempt: Attempt): string {
  return derive(attempt, "consent");
}

/** The same of the form on which the person chooses where to sign in. */
export function choiceToken(attempt: Attempt): string {
  return derive(attempt, "choice");
}

/**
 * The code this attempt ends in, always the same: a second click on Approve is answered with it again, never
 * with another (D16).
 */
export function codeOf(attempt: Attempt): string {
  return codePrefix + derive(attempt, "code");
}

function derive(attempt: Attempt, purpose: string): string {
  return createHmac("sha256", attempt.secret).update(`${purpose} ${attempt.handle}`).digest("base64url");
}

/** The attempt of this handle and secret, wherever they were kept. */
export function attemptOf(handle: string, secret: string): Attempt {
  return { handle, secret, handleHash: hashSecret(handle), bindingHash: hashSecret(secret) };
}

function cookieName(handleHash: SecretHash): string {
  return cookiePrefix + handleHash.slice(0, 12);
}
