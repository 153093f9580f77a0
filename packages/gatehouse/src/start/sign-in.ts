import type { Logger } from "pino";
import type { Config } from "../config/config.ts";
import { createDevelopmentProvider } from "../identity/development.ts";
import { google } from "../identity/openid/presets.ts";
import { createOpenIdProvider } from "../identity/openid/provider.ts";
import type { EndpointUrls } from "../oauth/messages/endpoint-urls.ts";
import { type Clock, defaultProvider, type IdentityProvider } from "../oauth/ports.ts";
import type { Endpoint } from "../oauth/services.ts";
import { systemRandom } from "./system.ts";

/** The configured identity provider; in development our own, which brings a page. */
export function createSignIn(
  { upstream, settings, allowedDomains }: Config,
  urls: EndpointUrls,
  clock: Clock,
  log: Logger,
): {
  provider: IdentityProvider;
  page?: { path: string; endpoint: Endpoint };
  discover?: () => Promise<unknown>;
} {
  if (upstream === "development") {
    const { issuer } = settings;
    const { provider, endpoint } = createDevelopmentProvider({ issuer, clock, random: systemRandom });
    return { provider, page: { path: `${urls.basePath}/development-sign-in`, endpoint } };
  }
  const provider = createOpenIdProvider({
    name: defaultProvider,
    title: upstream.issuer === google ? "Google" : new URL(upstream.issuer).host,
    ...upstream,
    callbackUrl: urls.callbackOf(defaultProvider),
    domains: allowedDomains,
    ofVariables: true,
    warn: (message) => log.warn(message),
  });
  return { provider, discover: provider.discover };
}
