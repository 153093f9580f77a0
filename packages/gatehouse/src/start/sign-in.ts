import type { Logger } from "pino";
import type { Config } from "../config/config.ts";
import type { PasskeyConfig, ProviderConfig } from "../config/providers.ts";
import type { Route } from "../http/route.ts";
import { developmentRoute, passkeyRoute } from "../http/routes.ts";
import { createDevelopmentProvider } from "../identity/development.ts";
import { type SpeaksFor, speaksFor } from "../identity/domains.ts";
import { createGithubProvider } from "../identity/github/provider.ts";
import type { Finding } from "../identity/openid/examination.ts";
import { createOpenIdProvider, type OpenIdProvider } from "../identity/openid/provider.ts";
import { providersOf } from "../identity/providers.ts";
import type { EndpointUrls } from "../oauth/messages/endpoint-urls.ts";
import type { Clock, Events, IdentityProvider, IdentityProviders } from "../oauth/ports.ts";
import type { Seconds } from "../oauth/values.ts";
import { trustAuthorities } from "./authorities.ts";
import type { Passkeys } from "./passkeys.ts";
import type { Reloadable } from "./reload.ts";
import { systemRandom } from "./system.ts";

/** Where people sign in. */
export interface SignIn extends Reloadable {
  readonly providers: IdentityProviders;
  /** Pages of our own that a provider brings. */
  readonly routes: readonly Route[];
  /** Those that publish what can be fetched before anybody signs in. */
  readonly discoverable: readonly Discoverable[];
  /** How the others are looked at without a person, by name. */
  readonly examinations: ReadonlyMap<string, Examine>;
}

type Examine = (now: Seconds) => Promise<readonly Finding[]>;

export interface Discoverable {
  readonly config: Extract<ProviderConfig, { readonly kind: "openid" }>;
  readonly provider: OpenIdProvider;
}

/** One of them, with what its kind brings besides. */
interface Made {
  readonly provider: IdentityProvider;
  readonly routes?: readonly Route[];
  readonly discoverable?: Discoverable;
  readonly examine?: Examine;
}

/**
 * The configured identity providers. When the configuration is read again, those of which nothing has changed
 * stay with all they know; one that is new has no callback until the next start.
 * @param passkeys what only a server loads; without it nobody signs in through a provider of that kind
 * @param events told what a provider does besides signing people in; left out: nobody is
 */
export function createSignIn(
  config: Config,
  urls: EndpointUrls,
  clock: Clock,
  log: Pick<Logger, "warn">,
  passkeys?: Passkeys,
  events?: Events,
): SignIn {
  trustAuthorities(config);
  const make = (about: ProviderConfig, others: readonly ProviderConfig[]) =>
    makeProvider(about, others, config.settings.issuer, urls, clock, log, passkeys, events);
  const routed = new Set(config.providers.map(({ name }) => name));
  let made = makeAll(config.providers, new Map(), make);
  let current = providersOf(providersIn(made));
  return {
    providers: {
      get all() {
        return current.all;
      },
      find: (name) => current.find(name),
    },
    routes: [...made.values()].flatMap(({ routes }) => routes ?? []),
    discoverable: [...made.values()].flatMap(({ discoverable }) => discoverable ?? []),
    examinations: new Map(
      [...made.values()].flatMap(({ provider, examine }) => (examine ? [[provider.name, examine]] : [])),
    ),
    apply({ providers }) {
      const later = providers.filter(({ name }) => !routed.has(name)).map(({ name }) => name);
      if (later.length > 0)
        log.warn({ providers: later }, "these identity providers wait for the next start");
      made = makeAll(
        providers.filter(({ name }) => routed.has(name)),
        made,
        make,
      );
      current = providersOf(providersIn(made));
    },
  };
}

const providersIn = (made: ReadonlyMap<string, Made>) => [...made.values()].map(({ provider }) => provider);

/** By all that each depends on. */
function makeAll(
  configs: readonly ProviderConfig[],
  earlier: ReadonlyMap<string, Made>,
  make: (about: ProviderConfig, others: readonly ProviderConfig[]) => Made,
): Map<string, Made> {
  return new Map(
    configs.map((about) => {
      const others = configs.filter((each) => each !== about);
      const key = JSON.stringify([about, others.map(({ domains }) => domains)]);
      return [key, earlier.get(key) ?? make(about, others)];
    }),
  );
}

function makeProvider(
  about: ProviderConfig,
  others: readonly ProviderConfig[],
  issuer: string,
  urls: EndpointUrls,
  clock: Clock,
  log: Pick<Logger, "warn">,
  passkeys: Passkeys | undefined,
  events: Events | undefined,
): Made {
  const callbackUrl = urls.callbackOf(about.name);
  const warn = (message: string) => log.warn({ provider: about.name }, message);
  const domainsOfOthers = otherDomains(others);
  const speaks = speaksFor(about.domains, domainsOfOthers);
  switch (about.kind) {
    case "openid": {
      const { kind: _, ...options } = about;
      const provider = createOpenIdProvider({
        ...options,
        callbackUrl,
        otherDomains: others.length === 0 ? undefined : domainsOfOthers,
        warn,
        onKeysReplaced: (kids) =>
          events?.emit({
            name: "provider_keys_replaced",
            request: "-",
            provider: about.name,
            reason: "same kid, other key",
            detail: `kid ${kids.join(", ")}: fetched anew, and the new ones are believed`,
          }),
      });
      return { provider, discoverable: { config: about, provider } };
    }
    case "github": {
      const provider = createGithubProvider({
        ...about,
        callbackUrl,
        speaksFor: speaks,
        revalidation: about.revalidate && { every: about.revalidate, grace: about.revalidateGrace },
        warn,
      });
      return { provider, examine: provider.examine };
    }
    case "passkey":
      return makePasskeyProvider(about, speaks, urls, passkeys);
    case "development": {
      const { provider, endpoint } = createDevelopmentProvider({
        ...about,
        speaksFor: speaks,
        issuer,
        clock,
        random: systemRandom,
      });
      return { provider, routes: [developmentRoute(`${urls.basePath}/development-sign-in`, endpoint)] };
    }
  }
}

function makePasskeyProvider(
  about: PasskeyConfig,
  mayHold: SpeaksFor,
  urls: EndpointUrls,
  passkeys: Passkeys | undefined,
): Made {
  if (passkeys === undefined) {
    const unloaded = () => Promise.reject(new Error("what is of passkeys was not loaded"));
    return { provider: { ...about, signInUrl: unloaded, completeSignIn: unloaded } };
  }
  const provider = passkeys.createProvider({ ...about, mayHold });
  return { provider, routes: provider.pages.map((page) => passkeyRoute(urls, page)) };
}

/** The domains that these providers name. */
export const otherDomains = (others: readonly ProviderConfig[]): readonly string[] =>
  others.flatMap(({ domains }) => (typeof domains === "string" ? [] : (domains ?? [])));
