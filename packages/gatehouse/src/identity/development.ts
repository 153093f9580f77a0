import { Cache } from "../caching/cache.ts";
import { endpointUrls } from "../oauth/messages/endpoint-urls.ts";
import { errorPage } from "../oauth/messages/error-page.ts";
import { OAuthError } from "../oauth/messages/errors.ts";
import type { DevelopmentSignInPage } from "../oauth/messages/page.ts";
import { type OAuthResponse, page, redirect } from "../oauth/messages/response.ts";
import { refuseForeignForm } from "../oauth/messages/same-origin.ts";
import { type Clock, type IdentityProvider, type Random, SignInError } from "../oauth/ports.ts";
import type { Endpoint } from "../oauth/services.ts";
import { mintSecret } from "../oauth/tokens/secret.ts";
import { after, seconds } from "../oauth/values.ts";
import type { SpeaksFor } from "./domains.ts";
import { isEmailAddress } from "./email-address.ts";

interface DevelopmentOptions extends Pick<IdentityProvider, "name" | "title" | "domains"> {
  readonly speaksFor: SpeaksFor;
  /** Our own issuer; on a loopback host, which the configuration sees to. */
  readonly issuer: string;
  readonly clock: Clock;
  readonly random: Random;
}

/** Who typed which address, until the callback asks for it. */
interface Answer {
  readonly state: string;
  readonly email: string;
}

const answerLifetime = seconds(600);
/** Beyond this the oldest are forgotten: the memory stays bounded whatever is posted. */
const maxAnswers = 1000;

/**
 * Sign-in for development: a page of ours that believes whatever address is typed. It takes the same way as a
 * real provider, a redirect there and a callback with a code, so that everything around it is the real thing.
 *
 * @returns the provider, and the endpoint to be served (GET and POST) at `<base path>/development-sign-in`
 */
export function createDevelopmentProvider(options: DevelopmentOptions): {
  readonly provider: IdentityProvider;
  readonly endpoint: Endpoint;
} {
  const { name, title, domains, speaksFor, issuer, clock, random } = options;
  const urls = endpointUrls(issuer);
  const answers = new Cache<string, Answer>({ maxEntries: maxAnswers, now: () => clock.now() });

  function remember(state: string, email: string): string {
    const code = mintSecret(random);
    answers.set(code, { state, email }, after(clock.now(), answerLifetime));
    return code;
  }

  const provider: IdentityProvider = {
    name,
    title,
    domains,
    believesEverybody: true,
    async signInUrl({ state }) {
      const url = new URL(`${issuer}/development-sign-in`);
      url.searchParams.set("state", state);
      return url;
    },
    async completeSignIn(callback, { state }) {
      const code = callback.searchParams.get("code") ?? "";
      const answer = answers.get(code);
      answers.delete(code);
      if (answer === undefined || answer.state !== state) {
        throw new SignInError("server_error", "the development sign-in knows no such code for this attempt", {
          hint: "the sign-in expired or was used already",
        });
      }
      const { email } = answer;
      if (!speaksFor(email)) {
        throw new SignInError("access_denied", `the provider ${name} may not speak for ${email}`, {
          hint: "accounts of this organisation may not sign in here",
          reason: { key: "foreignAccount", email, domains: [] },
          logReason: "domain",
          account: email,
        });
      }
      const subject = email.toLowerCase();
      return {
        provider: name,
        issuer: `${issuer}/development`,
        subject,
        email,
        name: undefined,
        groups: [],
      };
    },
  };

  const answer: Endpoint = async (request) => {
    if (request.method === "POST") refuseForeignForm(request, urls.origin);
    const sent = request.method === "POST" ? request.form : request.query;
    const state = sent?.get("state");
    if (state === undefined || !/^[A-Za-z0-9_-]{1,128}$/.test(state)) {
      throw new OAuthError("invalid_request", { hint: "state is missing or malformed" });
    }
    const action = `${urls.basePath}/development-sign-in`;
    if (request.method !== "POST") return signInPage(200, action, state, "", undefined);
    const email = sent?.get("email")?.trim() ?? "";
    if (!isEmailAddress(email)) {
      return signInPage(400, action, state, email, "malformedAddress");
    }
    const callback = new URL(urls.callbackOf(name));
    callback.searchParams.set("state", state);
    callback.searchParams.set("code", remember(state, email));
    return redirect("POST", callback.href);
  };

  const endpoint: Endpoint = async (request) => {
    try {
      return await answer(request);
    } catch (error) {
      if (error instanceof OAuthError) return errorPage(request, error);
      throw error;
    }
  };

  return { provider, endpoint };
}

function signInPage(
  status: number,
  action: string,
  state: string,
  email: string,
  problem: DevelopmentSignInPage["problem"],
): OAuthResponse {
  return page(status, { kind: "development-sign-in", action, state, email, problem });
}
