import { createAdmins } from "./access/admins.ts";
import { createClientDocuments } from "./client-documents/client-documents.ts";
import type { Config } from "./config/config.ts";
import { createFailureLimiter } from "./http/failure-limiter.ts";
import { createListener } from "./http/listener.ts";
import { assetRoute, serverRoutes } from "./http/routes.ts";
import { createSharedCounts } from "./http/shared-counts.ts";
import { isLoopbackAddress } from "./http/this-computer.ts";
import { startGrantUses } from "./insight/uses.ts";
import { keyCheck, keySettings } from "./keys/keyring.ts";
import { createAuthorizationServer } from "./oauth/authorization-server.ts";
import { metadataDocument } from "./oauth/endpoints/metadata.ts";
import { createFindBearer } from "./oauth/grants/bearer.ts";
import { createLookAgain } from "./oauth/grants/bearer-now.ts";
import { endpointUrls } from "./oauth/messages/endpoint-urls.ts";
import type { Access, ClientDocuments, Clock, Events, IdentityProviders } from "./oauth/ports.ts";
import { createPages } from "./pages/render.ts";
import { createReadiness, type Warnings } from "./readiness.ts";
import { watchReturns } from "./start/abandoned.ts";
import { startAccess } from "./start/access.ts";
import { inTheLogAnyway, startAudit } from "./start/audit.ts";
import { tellConfiguration } from "./start/configuration.ts";
import { startConsole } from "./start/console.ts";
import { keepDeclarations } from "./start/declarations.ts";
import { answerDoctor } from "./start/doctor-answer.ts";
import { tellOfEndings } from "./start/endings.ts";
import { startGateway } from "./start/gateway.ts";
import { keepHouse } from "./start/housekeeping.ts";
import { closingOnError, type KeyedStoreOverrides, openKeyedStore } from "./start/keyed-store.ts";
import { lookFromHere } from "./start/look-around.ts";
import { countGrants, openMetrics, startMetrics } from "./start/metrics.ts";
import { watchOutages } from "./start/outage.ts";
import { loadPasskeys, passkeyWorks, tryBringingGroupsUpToDate } from "./start/passkeys.ts";
import { tellOfRefusals } from "./start/refusals.ts";
import { type Reloadable, reloadAll } from "./start/reload.ts";
import { createSignIn } from "./start/sign-in.ts";
import { startSinks } from "./start/sinks.ts";
import { startSpans } from "./start/spans.ts";
import { systemClock, systemRandom } from "./start/system.ts";
import { startTrace, tracedEvents } from "./start/trace.ts";
import { warnAtStart } from "./start/warnings.ts";
import { startWithdrawal } from "./start/withdrawal.ts";
import { createEvents } from "./telemetry/events.ts";
import { limitsOnceAMinute } from "./telemetry/limit-events.ts";
import type { Log } from "./telemetry/log.ts";
import type { Snapshot } from "./telemetry/metrics/registry.ts";

export interface RunningGatehouse {
  /** Where it listens, which behind a proxy is not the issuer. */
  readonly url: string;
  /** Takes over what can change while it runs. Where it rejects, nothing has changed. */
  reload(config: Config): Promise<void>;
  /** Told whether what was read again is in force, or was refused: `/readyz` warns as long as it is not. */
  onReload(isInForce: boolean): void;
  /** What it tells of what happens. */
  readonly events: Events;
  /** What this process has counted, where metrics are told. */
  readonly snapshot: (() => Snapshot) | undefined;
  /** Finishes the requests in flight, then closes the store. */
  stop(): Promise<void>;
}

/**
 * What a caller may hand in instead of having it made: a store it uses itself, a clock it moves, documents
 * without a network.
 */
export interface Overrides extends KeyedStoreOverrides {
  /** False: another process sweeps the database. */
  readonly keepsHouse?: boolean;
  readonly documents?: ClientDocuments;
  /** In place of the configured rules. */
  readonly access?: () => Access | undefined;
  /** In place of the configured ones. */
  readonly providers?: IdentityProviders;
  readonly clock?: Clock;
  /** Milliseconds for which a stop answers what arrives on connections that were there. Default 0. */
  readonly settleMs?: number;
  /**
   * Told what whoever started the server is to read, and no log: the link for the first person. Without it
   * none is made.
   */
  readonly announce?: (text: string) => void;
}

const refusedConfiguration = "the configuration on the disk was refused: what was read before is in force";

/**
 * Puts everything together and listens. A store that was handed in is closed by `stop` like its own.
 * @throws KeyError when the database was used with other keys; node's own error when the port cannot be had
 * (`EADDRINUSE`), with the store closed again; DatabaseRefusedError when the database lets nobody in
 */
export async function startGatehouse(
  config: Config,
  log: Log,
  overrides: Overrides = {},
): Promise<RunningGatehouse> {
  const urls = endpointUrls(config.settings.issuer);
  const clock = overrides.clock ?? systemClock;
  const documents =
    overrides.documents ??
    createClientDocuments(
      {
        allowLoopback: config.settings.clientDocuments.allowLoopback,
        folder: config.clientDocumentsFolder,
      },
      clock,
    );
  const keyed = await openKeyedStore(config, log, clock, overrides);
  const { keyring, sharedTokens } = keyed;
  const keepsHouse = overrides.keepsHouse !== false;
  const counting = config.metrics && keepsHouse ? countGrants(keyed.store, clock) : undefined;
  const sinks = await startSinks(config, log);
  const metrics = startMetrics(
    config,
    counting?.latest,
    () => gateway.inUse(),
    sinks.states,
    () => audit.writer.state(),
    () => trace.lost(),
  );
  const spans = await startSpans(config, log);
  const timed = metrics?.store(keyed.store) ?? keyed.store;
  const store = spans?.store(timed) ?? timed;
  const settings = { ...config.settings, ...keySettings(keyring), sharedTokens };
  const access = await closingOnError(store, () => startAccess(config, store, log));
  const warnings: Warnings = new Map();
  const findKeys = () => store.findKeys(clock.now());
  const checkKeys = keyCheck(keyring, findKeys, (about, warning) => log.warn(about, warning));
  const told = createEvents(log);
  const audit = startAudit(config, { store, keyring, clock, sinks }, log, told, warnings);
  const audited = limitsOnceAMinute(audit.events(told), clock);
  const trace = startTrace(config, timed, clock, log);
  const watched = { store: keyed.store, storage: config.storage, clock };
  const outages = watchOutages(tracedEvents(metrics?.events(audited) ?? audited, trace), watched);
  const events = tellOfEndings(outages, (about) => gateway.lookSoon(about));
  const passkeys = await loadPasskeys(config, store, clock, events, settings);
  const signIn = createSignIn(config, urls, clock, log, passkeys, events);
  const provided = overrides.providers ?? signIn.providers;
  const measured = metrics?.providers(provided) ?? provided;
  const openProviders = config.providers.filter(({ kind }) => kind === "openid" || kind === "github");
  const returns = watchReturns(spans?.providers(measured) ?? measured, {
    events,
    store,
    clock,
    callbackOf: (name) =>
      openProviders.some((one) => one.name === name) ? urls.callbackOf(name) : undefined,
  });
  const { providers } = returns;
  const declarations = await closingOnError(store, () =>
    keepDeclarations(config, { log, events, store, clock }, keepsHouse),
  );
  const checkDeclarations = declarations.warnings;
  const uses = startGrantUses({
    store,
    clock,
    onLost: (error) => log.warn({ err: error }, "the last use of grants could not be noted"),
  });
  const readiness = createReadiness({ store, checkKeys, checkDeclarations, warnings, clock });
  // Several processes of one file, or of one PostgreSQL, count together.
  const countsTogether = config.storage.kind !== "sqlite" || config.workers > 1;
  const sharedCounts = countsTogether ? createSharedCounts({ store }) : undefined;
  const services = {
    settings,
    store,
    providers,
    access: overrides.access ?? access.current,
    admins: config.admins && createAdmins(config.admins, providers),
    documents,
    clock,
    random: systemRandom,
    events,
    trace,
    uses,
    failures: createFailureLimiter({ budget: config.rateLimits?.guesses, shared: sharedCounts }),
    checks: readiness.checks,
  };
  const server = createAuthorizationServer(services);
  const findBearer = createFindBearer(services);
  const gateway = await startGateway(config, {
    issuer: settings.issuer,
    metadata: metadataDocument(settings),
    findBearer,
    lookAgain: createLookAgain(services),
    access: services.access,
    severalProviders: () => providers.all.length > 1,
    secretKeys: settings.secretKeys,
    budgets: store,
    spans: spans?.calls,
    onToolsListed: metrics?.listed,
    events,
    clock,
    log,
  });
  const doctors = answerDoctor(config, {
    ...{ keyring, store, clock },
    checks: readiness.checks,
    about: () => ({
      audit: {
        ...audit.writer.state(),
        sinks: sinks.states.map(({ name, waiting, dropped }) => ({ name, waiting, dropped })),
      },
      providerKeys: Object.fromEntries(
        signIn.discoverable.map(({ config: { name }, provider }) => [name, provider.knownKeys() ?? {}]),
      ),
    }),
  });
  const console = await closingOnError(store, () => startConsole(services, config));
  const { sentences } = config.sections;
  const pages = createPages(urls.basePath, config.brand, { sentences, console: console?.pages });
  const names = providers.all.map(({ name }) => name);
  const callback = (name: string) => returns.callback(name, server.callback(name));
  const routes = [
    ...serverRoutes(urls, { ...server, callback }, names),
    assetRoute(pages.assets.stylesheet),
    assetRoute(pages.assets.icon),
  ];
  if (passkeys !== undefined) routes.push(assetRoute(pages.assets.script));
  routes.push(...signIn.routes);
  const listener = createListener({
    routes,
    hidden: console?.hidden,
    taker: gateway.taker,
    answerUnknown: doctors.answer,
    issuer: settings.issuer,
    renderPage: pages.renderPage,
    trustedProxies: config.trustedProxies,
    onIgnoredForwarding: (peer) =>
      log.warn(
        { peer },
        `X-Forwarded-For from ${peer} is not believed, so everybody behind it counts as one address; if it is your proxy, set TRUSTED_PROXIES to include it`,
      ),
    onForeignHost: ({ theirs, ours }) =>
      log.warn(
        { theirs, ours },
        `an app was sent to ${theirs} to sign in, and BASE_URL is ${ours}: it compares them and goes no further. Correct BASE_URL, or the MCP server that names ${theirs}`,
      ),
    rateLimits: config.rateLimits,
    sharedCounts,
    ...(overrides.settleMs !== undefined && { settleMs: overrides.settleMs }),
    onRefused: tellOfRefusals(events, clock),
    onFailure: (error, { id, path }) => log.error({ err: error, request: id, path }, "request failed"),
    ...metrics?.edge,
    spans: spans?.requests,
    ...(log.isLevelEnabled("debug") ? { onRequest: (entry) => log.debug(entry, "request") } : {}),
  });
  const { host } = config.listen;
  const { port, address } = await closingOnError(store, () => listener.listen(config.listen.port, host));
  if (config.providers.some(({ kind }) => kind === "development") && !isLoopbackAddress(address)) {
    // The configuration sees to it; a name in HOST may still lead elsewhere.
    await listener.close();
    await store.close();
    throw new Error(`the development sign-in must not be reachable at ${address}: set HOST to 127.0.0.1`);
  }
  const scraped =
    metrics && keepsHouse
      ? await openMetrics(config, log, async () => [metrics.snapshot()]).catch(async (error: unknown) => {
          await listener.close();
          await store.close();
          throw error;
        })
      : undefined;
  const housekeeping = keepsHouse ? keepHouse(config, log, { store, clock, audit }, warnings) : undefined;
  const works = keepsHouse
    ? passkeyWorks(config, store, clock, log, { announce: overrides.announce, events })
    : [];
  const looking = lookFromHere(config, log, store, signIn.discoverable, warnings, {
    tells: keepsHouse,
    works,
    record: audit.events(inTheLogAnyway).emit,
  });
  if (keepsHouse) warnAtStart(config, log);
  const withdrawal = startWithdrawal(config, store, log);
  if (keepsHouse) tellConfiguration(config, events, keyed);
  // What of the configuration may change while it runs.
  const parts: readonly Reloadable[] = [
    access,
    signIn,
    declarations,
    withdrawal,
    { apply: ({ sections }) => pages.replaceSentences(sections.sentences ?? {}) },
    gateway,
    doctors,
    ...(passkeys ? [passkeys] : []),
    ...(console ? [console] : []),
  ];
  return {
    async reload(changed) {
      await reloadAll(parts, changed);
      await tryBringingGroupsUpToDate(changed, store, log);
    },
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
    events,
    snapshot: metrics?.snapshot,
    onReload(isInForce) {
      if (isInForce) warnings.delete(refusedConfiguration);
      else warnings.set(refusedConfiguration, "configuration");
    },
    async stop() {
      readiness.stop();
      looking.stop();
      returns.stop();
      outages.stop();
      declarations.stop();
      counting?.stop();
      await withdrawal.stop();
      gateway.end();
      await listener.close();
      scraped?.close();
      await gateway.close();
      await spans?.close();
      await housekeeping?.stop();
      sharedCounts?.stop();
      await uses.stop();
      await trace.stop();
      await audit.stop();
      await store.close();
    },
  };
}
