import type { OAuthRequest } from "../oauth/messages/request.ts";
import type { Clock, Events, IdentityProvider, IdentityProviders } from "../oauth/ports.ts";
import type { Endpoint } from "../oauth/services.ts";
import type { Store } from "../oauth/store.ts";
import { hashSecret } from "../oauth/tokens/secret.ts";
import type { Seconds, SecretHash } from "../oauth/values.ts";
import { withOwn, wrapProviders } from "../oauth/wrapped-providers.ts";

export interface ReturnsOptions {
  readonly events: Events;
  readonly store: Pick<Store, "findAttempt">;
  readonly clock: Clock;
  /** The redirect URI that is sent to a provider; `undefined`: it is a page of our own. */
  readonly callbackOf: (provider: string) => string | undefined;
}

export interface Returns {
  /** The providers, watched. */
  readonly providers: IdentityProviders;
  /** The callback of a provider, watched. */
  callback(provider: string, endpoint: Endpoint): Endpoint;
  /** Tells of providers that answer nobody any more. */
  look(): Promise<void>;
  stop(): void;
}

/** So many in a row that are not answered are no people who changed their minds. */
const inARow = 5;
/** Seconds until a person who has not come back will not. */
const waitSeconds = 600;
const everyMs = 60_000;
const maxRemembered = 200;

/**
 * Where the provider does not know our client or our redirect URI, people end on its own page and nobody here
 * hears of it. So whoever is sent there is counted until somebody comes back: five in a row who do not, and
 * the operator reads what was sent, once a minute at most. Another instance may have had the answer, which
 * the store knows.
 */
export function watchReturns(inner: IdentityProviders, options: ReturnsOptions): Returns {
  const { events, store, clock, callbackOf } = options;
  const sent = new Map<string, { readonly handle: SecretHash; readonly at: Seconds }[]>();

  function watch(provider: IdentityProvider): IdentityProvider {
    if (callbackOf(provider.name) === undefined) return provider;
    const signInUrl: IdentityProvider["signInUrl"] = async (attempt) => {
      const url = await provider.signInUrl(attempt);
      const list = sent.get(provider.name) ?? [];
      list.push({ handle: hashSecret(attempt.state), at: clock.now() });
      sent.set(provider.name, list.slice(-maxRemembered));
      return url;
    };
    return withOwn(provider, { signInUrl });
  }

  async function lookAt(provider: string): Promise<void> {
    const late = (sent.get(provider) ?? [])
      .filter(({ at }) => at <= clock.now() - waitSeconds)
      .slice(-inARow);
    if (late.length < inARow) return;
    const states = await Promise.all(late.map(({ handle }) => store.findAttempt(handle)));
    // What is still at its first stage was answered nowhere.
    if (states.some((state) => state?.stage !== "sign-in")) return forget(provider);
    events.emit({
      name: "sign_in_abandoned",
      request: states.at(-1)?.reference ?? "-",
      provider,
      reason: "no answer from the provider",
      detail: `${inARow} of the last ${inARow} did not come back within ${waitSeconds / 60} min: does the provider know our client id, and the redirect URI ${callbackOf(provider)}?`,
    });
  }

  function forget(provider: string): void {
    sent.delete(provider);
  }

  async function look(): Promise<void> {
    for (const provider of sent.keys()) await lookAt(provider);
  }
  // A database that cannot be asked is told of elsewhere.
  const timer = setInterval(() => void look().catch(() => undefined), everyMs).unref();

  return {
    providers: wrapProviders(inner, watch),
    callback: (provider, endpoint) => (request: OAuthRequest) => {
      if (request.query.has("state")) forget(provider);
      return endpoint(request);
    },
    look,
    stop: () => clearInterval(timer),
  };
}
