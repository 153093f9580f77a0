import { networkInterfaces } from "node:os";
import type { Config } from "../config/config.ts";
import { createProxyCheck } from "../http/client-address.ts";
import type { DoctorBaseUrl } from "../insight/doctor/checks/base-url.ts";
import { type AskedServer, type DoctorPublic, readIssuer } from "../insight/doctor/checks/public.ts";
import { type Exchanged, exchange } from "../insight/doctor/exchange.ts";
import type { ServersView } from "../insight/doctor/servers-view.ts";
import { KeyError } from "../keys/key-file.ts";
import { endpointUrls } from "../oauth/messages/endpoint-urls.ts";
import type { Clock, Random } from "../oauth/ports.ts";
import { isAnswerTo, makeChallenge } from "../oauth/tokens/doctor-challenge.ts";
import type { SecretKey } from "../oauth/tokens/secret-keys.ts";
import { describeCertificate, isRefusedCertificate, showCertificate } from "../refused-certificate.ts";
import { configuredKeys } from "./keyed-store.ts";
import { once } from "./once.ts";

/** Milliseconds for asking the server in one way: there are two, and a check has ten seconds. */
const askingMs = 4500;
/** Requests after the first, each on a connection of its own: another instance may answer each. */
const laterRequests = 3;
/** A server that was not restarted since may have an older key, or an older reading of it. */
const maxKeys = 4;

type Services = { readonly clock: Clock; readonly random: Random };

/** The running server, as it is reached from outside. */
export function publicToLookAt(
  config: Config,
  services: Services,
): DoctorPublic & Pick<DoctorBaseUrl, "issuerAt"> {
  const { issuer } = config.settings;
  const { origin, metadataPath } = endpointUrls(issuer);
  const localUrl = localUrlOf(config);
  const askOnce = once(() => ask(config, issuer, services));
  return {
    issuer,
    metadataUrl: new URL(metadataPath, origin),
    localUrl,
    ask: askOnce,
    askLocally: once(async () => {
      const asked = localUrl === undefined ? undefined : await ask(config, localUrl, services, 0);
      return asked?.outcome === "answered" ? asked.view : undefined;
    }),
    fetchMetadata: (signal) => exchange(new URL(metadataPath, origin), {}, signal),
    issuerAt: async (address) => {
      const at = endpointUrls(address.replace(/\/$/, ""));
      const url = new URL(at.metadataPath, at.origin);
      const answer = await exchange(url, {}, AbortSignal.timeout(askingMs)).catch(() => undefined);
      return answer?.status === 200 ? readIssuer(answer.body) : undefined;
    },
    async describeRefusal(error) {
      if (!isRefusedCertificate(error)) return undefined;
      const shown = await showCertificate(new URL(issuer));
      const whose = shown === undefined ? "" : `: ${describeCertificate(shown)}`;
      return `The certificate is refused (${codeOf(error)})${whose}.`;
    },
    isTrustedProxy: createProxyCheck(config.trustedProxies),
    ownAddresses: Object.values(networkInterfaces()).flatMap((all) =>
      (all ?? []).map(({ address }) => address),
    ),
    now: () => services.clock.now(),
  };
}

const codeOf = (error: unknown) =>
  error instanceof Error && "code" in error ? String(error.code) : "unknown";

/** Where a server with this configuration is reached from its own computer. */
function localUrlOf({ listen: { host, port } }: Config): string | undefined {
  if (port === 0) return undefined;
  const reachable = { "0.0.0.0": "127.0.0.1", "::": "::1" }[host] ?? host;
  return `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
}

async function ask(
  config: Config,
  base: string,
  services: Services,
  later = laterRequests,
): Promise<AskedServer> {
  const signal = AbortSignal.timeout(askingMs);
  let keys: readonly SecretKey[];
  try {
    const { from, keys: configured } = await configuredKeys(config);
    if (from === "memory") return unkeyed("The key is in memory, so the server cannot be asked.");
    keys = configured.flatMap(({ readings }) => readings).slice(0, maxKeys);
  } catch (error) {
    if (error instanceof KeyError) return unkeyed("The key cannot be read: see `key.file`.");
    throw error;
  }
  if (keys.length === 0) return unkeyed("There is no key yet: the first start makes it.");
  let foreign: Exchanged | undefined;
  try {
    for (const key of keys) {
      const send = (headers: Readonly<Record<string, string>>) =>
        askWith(key, config, base, headers, services, signal);
      const { answer, view } = await send({});
      foreign ??= answer;
      if (view === undefined) continue;
      const cookie = answer.headers["set-cookie"]?.[0]?.split(";", 1)[0];
      const again = cookie === undefined ? {} : { Cookie: cookie };
      const others = await Promise.allSettled(Array.from({ length: later }, () => send(again)));
      const views = others.flatMap((each) => (each.status === "fulfilled" ? (each.value.view ?? []) : []));
      return { outcome: "answered", view, later: views, answer };
    }
  } catch (error) {
    return { outcome: "unreachable", error: error as NodeJS.ErrnoException };
  }
  return foreign === undefined ? unkeyed("There is no key.") : { outcome: "foreign", answer: foreign };
}

const unkeyed = (why: string): AskedServer => ({ outcome: "unkeyed", why });

async function askWith(
  key: SecretKey,
  config: Config,
  base: string,
  headers: Readonly<Record<string, string>>,
  { clock, random }: Services,
  signal: AbortSignal,
): Promise<{ readonly answer: Exchanged; readonly view: ServersView | undefined }> {
  const challenge = makeChallenge(key, config.settings.issuer, clock.now(), random);
  const answer = await exchange(new URL(`${base}/doctor?challenge=${challenge}`), headers, signal);
  return { answer, view: answer.status === 200 ? readView(answer.body, key, challenge) : undefined };
}

/** `undefined`: it is not of a server that has the key, or not to this challenge. */
function readView(body: string, key: SecretKey, challenge: string): ServersView | undefined {
  try {
    const { seen, mac } = JSON.parse(body) as { seen?: unknown; mac?: unknown };
    if (typeof seen !== "string" || typeof mac !== "string") return undefined;
    // Proven to be our own, it has the shape that we give it.
    return isAnswerTo(key, challenge, seen, mac) ? (JSON.parse(seen) as ServersView) : undefined;
  } catch {
    return undefined;
  }
}
