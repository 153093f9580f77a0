import { resolve } from "node:path";
import { type Config, describeStorage } from "../config/config.ts";
import type { ProviderConfig } from "../config/providers.ts";
import { endpointUrls } from "../oauth/messages/endpoint-urls.ts";

/**
 * What an operator wants to have read once before anybody signs in: the members of the log line that says
 * that a server listens.
 * @param address where it listens
 */
export function describeStart(config: Config, address: string): Record<string, string> {
  const { settings, providers, sections, servers, trustedProxies, storage, listen } = config;
  const everywhere = listen.host === "0.0.0.0" || listen.host === "::";
  const callbacks = providers.filter(({ kind }) => kind === "openid" || kind === "github");
  const urls = endpointUrls(settings.issuer);
  return {
    issuer: settings.issuer,
    address,
    whoMaySignIn:
      providers.map((provider) => whoComesThrough(provider, providers.length === 1)).join("; ") +
      (sections.access?.sign_in === undefined ? "" : "; of these, whom the rules of access.sign_in let in"),
    provider: providers.map(describeProvider).join(", "),
    ...(callbacks.length === 0
      ? {}
      : {
          redirectUri: `${callbacks.map(({ name }) => urls.callbackOf(name)).join(", ")}, which the provider has to know`,
        }),
    ...(servers.length === 0
      ? {}
      : { doors: servers.map(({ name, address }) => `${name} at ${address}`).join(", ") }),
    database: describeStorage(storage),
    trustedProxies: trustedProxies.join(", ") || "none: X-Forwarded-For is not believed",
    keys: describeKeys(config),
    configuration: config.file === undefined ? "the environment" : `${config.file.path}, ${config.file.hash}`,
    ...(everywhere && settings.issuer.startsWith("https:")
      ? { exposed: "plain HTTP on all interfaces: let nobody but the proxy that speaks TLS reach this port" }
      : {}),
  };
}

/** How people sign in, for whoever starts it at a terminal. */
export function describeSignIn({ providers }: Config): string {
  return providers.every(({ kind }) => kind === "development")
    ? "development sign-in: type any e-mail address"
    : `sign-in through ${providers.map(describeProvider).join(", ")}`;
}

/** What people sign in with, and where that is. */
function describeProvider(provider: ProviderConfig): string {
  switch (provider.kind) {
    case "openid":
      return provider.issuer;
    case "github":
      return provider.host ?? "https://github.com";
    case "passkey":
      return "passkeys of this server";
    case "development":
      return "the development sign-in";
  }
}

function whoComesThrough(provider: ProviderConfig, isAlone: boolean): string {
  const { domains, name } = provider;
  const from = isAlone ? "" : `through ${name} `;
  const who = describeProvider(provider);
  const only =
    provider.kind === "github" && provider.organizations !== undefined
      ? `, only members of ${provider.organizations.join(", ")}`
      : "";
  const isInvited = provider.kind === "passkey";
  if (domains === undefined) {
    if (isInvited) return `${from}people who were invited: gatehouse people invite`;
    const missing = isOfVariables(provider) ? "ALLOWED_DOMAINS is not set" : "it names no domains";
    return `${from}everybody whom ${who} vouches for${only || `: ${missing}`}`;
  }
  const people =
    domains === "*"
      ? "people of every domain that no other provider names"
      : `people of ${domains.join(", ")}`;
  return `${from}${isInvited ? "invited " : ""}${people}${only}`;
}

const isOfVariables = (provider: ProviderConfig) =>
  provider.kind === "openid" && provider.ofVariables === true;

function describeKeys({ secretKeys, secretKeyFile, storage }: Config): string {
  if (secretKeys !== undefined) return `${secretKeys.length} in SECRET_KEY`;
  if (secretKeyFile !== undefined) return `the file ${resolve(secretKeyFile)} of SECRET_KEY_FILE`;
  if (storage.kind === "sqlite" && storage.path !== ":memory:")
    return `the key file ${describeStorage(storage)}.key`;
  return "one for this run";
}
