import type { Logger } from "pino";
import type { Config } from "../config/config.ts";
import { describeDiscoveryFailure } from "../identity/openid/provider-advice.ts";
import { lookAround } from "../look-around.ts";
import type { Store } from "../oauth/store.ts";

const providerFails = "the identity provider cannot be used: nobody can sign in";

/**
 * @param warnings where it stands that the provider cannot be used
 * @param tells false: another process writes it into the log
 */
export function lookFromHere(
  { upstream, settings }: Config,
  log: Logger,
  store: Store,
  discover: (() => Promise<unknown>) | undefined,
  warnings: Set<string>,
  tells = true,
): { stop(): void } {
  const provider = upstream === "development" ? undefined : upstream.issuer;
  return lookAround({
    store,
    discover,
    onProvider: (problem) => {
      if (problem === undefined) warnings.delete(providerFails);
      else warnings.add(providerFails);
      if (!tells) return;
      if (problem === undefined) log.info({ provider }, "the identity provider can be used now");
      else log.warn({ provider }, describeDiscoveryFailure(String(provider), problem));
    },
    onResources: (resources) => {
      if (!tells || provider === undefined) return;
      const identifiers = resources.map(({ identifier }) => identifier);
      log.info({ resources: identifiers.slice(0, 20) }, whereClientsPoint(identifiers, settings.issuer));
    },
  });
}

function whereClientsPoint(identifiers: readonly string[], issuer: string): string {
  const [first, ...rest] = identifiers;
  if (first === undefined) {
    return "no MCP server is behind this yet, so no client can be pointed anywhere: gatehouse resources add https://… says what to configure there";
  }
  const others = rest.length === 0 ? "" : ` (and ${rest.length} more: gatehouse resources list)`;
  return `point MCP clients at ${first}${others}; that server sends them here, to ${issuer}`;
}
