import type { Logger } from "pino";
import type { Config } from "../config/config.ts";
import { describeDiscoveryFailure, type ProviderAbout } from "../identity/openid/provider-advice.ts";
import { type LookAroundOptions, lookAround } from "../look-around.ts";
import type { AuditEvent } from "../oauth/ports.ts";
import type { Store } from "../oauth/store.ts";
import type { Warnings } from "../readiness.ts";
import { isRefusedCertificate, showCertificate } from "../refused-certificate.ts";
import type { Discoverable } from "./sign-in.ts";

/**
 * @param warnings where it stands that a provider cannot be used
 * @param options `tells` false: another process writes it into the log; `works`: what else is asked of the
 * database; `record`: told of a provider that cannot be used, for the audit trail alone
 */
export function lookFromHere(
  config: Config,
  log: Logger,
  store: Store,
  discoverable: readonly Discoverable[],
  warnings: Warnings,
  {
    tells = true,
    works = [],
    record = () => undefined,
  }: {
    readonly tells?: boolean;
    readonly works?: LookAroundOptions["works"];
    readonly record?: (event: AuditEvent) => void;
  } = {},
): { stop(): void } {
  const isDevelopment = config.providers.every(({ kind }) => kind === "development");
  const isAlone = config.providers.length === 1;
  const providers = discoverable.map(({ config: about, provider }) => ({
    discover: provider.discover,
    onOutcome(problem: unknown) {
      const { issuer } = about;
      const fails = isAlone
        ? "the identity provider cannot be used: nobody can sign in"
        : `the identity provider ${about.name} cannot be used: nobody can sign in through it`;
      if (problem === undefined) warnings.delete(fails);
      else warnings.set(fails, "provider");
      if (!tells) return;
      const names = { provider: issuer, ...(isAlone ? {} : { name: about.name }) };
      if (problem === undefined) log.info(names, "the identity provider can be used now");
      else {
        const described = describeProvider(about, isAlone);
        void warnOf(log, names, described, problem);
        record({
          ...{ name: "provider_unreachable", request: "-", provider: about.name },
          ...{ reason: codeOf(problem), detail: describeDiscoveryFailure(described, problem) },
        });
      }
    },
  }));
  return lookAround({
    store,
    providers,
    works,
    onResources: (resources) => {
      if (!tells || isDevelopment) return;
      const identifiers = resources.map(({ identifier }) => identifier);
      log.info(
        { resources: identifiers.slice(0, 20) },
        whereClientsPoint(identifiers, config.settings.issuer),
      );
    },
  });
}

async function warnOf(log: Logger, names: object, about: ProviderAbout, problem: unknown): Promise<void> {
  const shown = isRefusedCertificate(problem) ? await showCertificate(new URL(about.issuer)) : undefined;
  const certificate = shown === undefined ? {} : { certificate: shown };
  const event = { event: "provider_unreachable", reason: codeOf(problem) } as const;
  log.warn({ ...event, ...names, ...certificate }, describeDiscoveryFailure(about, problem));
}

/** Node's word for it, where the network is why; else what was wrong with its answer is the message. */
function codeOf(problem: unknown): string {
  for (let inner = problem; inner instanceof Error; inner = inner.cause) {
    if ("code" in inner && /^[A-Z][A-Z_\d]+$/.test(String(inner.code))) return String(inner.code);
  }
  return "unusable";
}

/** As advice names it. */
export function describeProvider(about: Discoverable["config"], isAlone: boolean): ProviderAbout {
  const { name, issuer, preset, ofVariables } = about;
  const member = preset === "microsoft" ? "tenant" : preset === "google" ? "preset" : "issuer";
  return {
    issuer,
    setting: ofVariables ? "UPSTREAM_ISSUER" : `${member}: of the provider ${name}`,
    name: isAlone ? undefined : name,
  };
}

function whereClientsPoint(identifiers: readonly string[], issuer: string): string {
  const [first, ...rest] = identifiers;
  if (first === undefined) {
    return "no MCP server is behind this yet, so no client can be pointed anywhere: gatehouse resources add https://… says what to configure there";
  }
  const others = rest.length === 0 ? "" : ` (and ${rest.length} more: gatehouse resources list)`;
  return `point MCP clients at ${first}${others}; that server sends them here, to ${issuer}`;
}
