import type { Endpoint } from "../oauth/context.ts";
import { OAuthError } from "../oauth/errors.ts";
import { type OAuthResponse, page, redirect } from "../oauth/http.ts";
import {
  type Clock,
  type Identity,
  type IdentityProvider,
  type Random,
  SignInError,
} from "../oauth/ports.ts";
import { after, type Seconds } from "../oauth/values.ts";

/** Seconds between the form and the callback. */
const codeLives = 600 as Seconds;
/** A developer signs in now and then; whatever is older than so many sign-ins is forgotten. */
const mostCodes = 1000;

interface Pending {
  readonly identity: Identity;
  readonly state: string;
  readonly expiresAt: Seconds;
}

/** The sign-in of `gatehouse dev`: whoever types an e-mail address is that person. For a loopback issuer only. */
export function createDevelopmentProvider(options: {
  readonly issuer: string;
  readonly callbackUrl: string;
  readonly clock: Clock;
  readonly random: Random;
}): { readonly provider: IdentityProvider; readonly endpoint: Endpoint; readonly path: string } {
  const { issuer, callbackUrl, clock, random } = options;
  const url = new URL(`${issuer}/development-sign-in`);
  const pending = new Map<string, Pending>();

  function remember(state: string, email: string): string {
    const code = random.bytes(32).toString("base64url");
    const identity = { issuer: `${issuer}/development`, subject: email.toLowerCase(), email };
    pending.set(code, { identity, state, expiresAt: after(clock.now(), codeLives) });
    const [oldest] = pending.keys();
    if (pending.size > mostCodes && oldest !== undefined) pending.delete(oldest);
    return code;
  }

  function form(status: number, state: string, email: string, problem: string | undefined): OAuthResponse {
    return page(status, { kind: "development-sign-in", action: url.pathname, state, email, problem });
  }

  const provider: IdentityProvider = {
    async signInUrl({ state }) {
      return new URL(`${url.href}?${new URLSearchParams({ state })}`);
    },
    async completeSignIn(callback, { state }) {
      const code = callback.searchParams.get("code") ?? "";
      const found = pending.get(code);
      pending.delete(code);
      if (found === undefined || found.state !== state || found.expiresAt <= clock.now()) {
        throw new SignInError("access_denied", "unknown, used or expired development sign-in");
      }
      return found.identity;
    },
  };

  const endpoint: Endpoint = async (request) => {
    if (request.method === "GET") return form(200, request.query.get("state") ?? "", "", undefined);
    if (![undefined, "null", url.origin].includes(request.headers.origin)) {
      throw new OAuthError("access_denied", { hint: "the form was submitted by another site" });
    }
    const state = request.form?.get("state") ?? "";
    const email = request.form?.get("email")?.trim() ?? "";
    if (email.length > 254 || !/^[^\s@]+@[^\s@]+$/.test(email)) {
      return form(400, state, email.slice(0, 254), "Please type an e-mail address, such as you@example.com.");
    }
    const query = new URLSearchParams({ state, code: remember(state, email) });
    return redirect(request.method, `${callbackUrl}?${query}`);
  };

  return { provider, endpoint, path: url.pathname };
}
