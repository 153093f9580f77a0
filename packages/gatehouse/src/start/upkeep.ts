import type { Config } from "../config/config.ts";
import { endpointUrls } from "../oauth/messages/endpoint-urls.ts";
import type { Events } from "../oauth/ports.ts";
import { createEvents } from "../telemetry/events.ts";
import type { Log } from "../telemetry/log.ts";
import type { Snapshot } from "../telemetry/metrics/registry.ts";
import { checkAccess } from "./access.ts";
import { inTheLogAnyway, startAudit } from "./audit.ts";
import { tellConfiguration } from "./configuration.ts";
import { keepDeclarations } from "./declarations.ts";
import { keepHouse } from "./housekeeping.ts";
import { closingOnError, type KeyedStoreOverrides, openKeyedStore } from "./keyed-store.ts";
import { lookFromHere } from "./look-around.ts";
import { countGrants, startMetrics } from "./metrics.ts";
import { passkeyWorks } from "./passkeys.ts";
import { reloadAll } from "./reload.ts";
import { createSignIn } from "./sign-in.ts";
import { startSinks } from "./sinks.ts";
import { systemClock } from "./system.ts";
import { warnAtStart } from "./warnings.ts";

/** As of a process that serves. */
export interface Upkeep {
  reload(config: Config): Promise<void>;
  readonly events: Events;
  readonly snapshot: (() => Snapshot) | undefined;
  stop(): Promise<void>;
}

/**
 * What is done once for several processes that serve: the database is brought up to date, its key created,
 * and what died swept away.
 * @throws what `openKeyedStore` does when the database cannot be used
 */
export async function startUpkeep(
  config: Config,
  log: Log,
  overrides: KeyedStoreOverrides & { readonly announce?: (text: string) => void } = {},
): Promise<Upkeep> {
  const keyed = await openKeyedStore(config, log, systemClock, overrides);
  const { store, keyring } = keyed;
  const told = createEvents(log);
  const sinks = await startSinks(config, log);
  const audit = startAudit(config, { store, keyring, clock: systemClock, sinks }, log, told, new Map());
  const events = audit.events(told);
  const housekeeping = keepHouse(config, log, { store, clock: systemClock, audit }, new Map());
  const { discoverable } = createSignIn(config, endpointUrls(config.settings.issuer), systemClock, log);
  const works = passkeyWorks(config, store, systemClock, log, { announce: overrides.announce, events });
  const looking = lookFromHere(config, log, store, discoverable, new Map(), {
    works,
    record: audit.events(inTheLogAnyway).emit,
  });
  warnAtStart(config, log);
  const services = { log, events, store, clock: systemClock };
  const declarations = await closingOnError(store, () => keepDeclarations(config, services, true));
  const counting = config.metrics && countGrants(store, systemClock);
  tellConfiguration(config, events, keyed);
  return {
    events,
    snapshot: startMetrics(config, counting?.latest, undefined, sinks.states, audit.writer.state)?.snapshot,
    reload: (changed) => reloadAll([checkAccess(store, log), declarations], changed),
    async stop() {
      looking.stop();
      declarations.stop();
      counting?.stop();
      await housekeeping.stop();
      await audit.stop();
      await store.close();
    },
  };
}
