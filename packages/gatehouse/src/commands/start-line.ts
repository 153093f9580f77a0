import { resolve } from "node:path";
import { type Config, describeStorage } from "../config/config.ts";

/**
 * What an operator wants to have read once before anybody signs in: the members of the log line that says
 * that a server listens.
 * @param address where it listens
 */
export function describeStart(config: Config, address: string): Record<string, string> {
  const { settings, upstream, allowedDomains, trustedProxies, storage, listen } = config;
  const provider = upstream === "development" ? "the development sign-in" : upstream.issuer;
  const everywhere = listen.host === "0.0.0.0" || listen.host === "::";
  return {
    issuer: settings.issuer,
    address,
    whoMaySignIn:
      allowedDomains === undefined
        ? `everybody whom ${provider} vouches for: ALLOWED_DOMAINS is not set`
        : `people of ${allowedDomains.join(", ")}`,
    provider,
    ...(upstream === "development"
      ? {}
      : { redirectUri: `${settings.issuer}/callback, which the provider has to know` }),
    database: describeStorage(storage),
    trustedProxies: trustedProxies.join(", ") || "none: X-Forwarded-For is not believed",
    keys: describeKeys(config),
    configuration: config.file === undefined ? "the environment" : `${config.file.path}, ${config.file.hash}`,
    ...(everywhere && settings.issuer.startsWith("https:")
      ? { exposed: "plain HTTP on all interfaces: let nobody but the proxy that speaks TLS reach this port" }
      : {}),
  };
}

function describeKeys({ secretKeys, secretKeyFile, storage }: Config): string {
  if (secretKeys !== undefined) return `${secretKeys.length} in SECRET_KEY`;
  if (secretKeyFile !== undefined) return `the file ${resolve(secretKeyFile)} of SECRET_KEY_FILE`;
  if (storage.kind === "sqlite" && storage.path !== ":memory:")
    return `the key file ${describeStorage(storage)}.key`;
  return "one for this run";
}
