import { randomBytes } from "node:crypto";
import type { Logger } from "pino";
import { createClientDocuments } from "./client-documents/client-documents.ts";
import type { Config } from "./config/config.ts";
import { startHousekeeping } from "./housekeeping.ts";
import { createFailureLimiter } from "./http/failure-limiter.ts";
import { createListener } from "./http/listener.ts";
import { developmentRoute, serverRoutes, stylesheetRoute } from "./http/routes.ts";
import { isLoopbackAddress } from "./http/this-computer.ts";
import { createDevelopmentProvider } from "./identity/development.ts";
import { createOpenIdProvider } from "./identity/openid.ts";
import { google } from "./identity/organisation.ts";
import { describeDiscoveryFailure } from "./identity/provider-advice.ts";
import { providersOf } from "./identity/providers.ts";
import { KeyError } from "./keys/key-file.ts";
import {
  admit,
  arrangeByRule,
  type ConfiguredKeys,
  type Keyring,
  keySettings,
  keyWarnings,
  readKeys,
  startKeys,
} from "./keys/keyring.ts";
import { lookAround } from "./look-around.ts";
import { createAuthorizationServer } from "./oauth/authorization-server.ts";
import { type EndpointUrls, endpointUrls } from "./oauth/messages/endpoint-urls.ts";
import {
  type ClientDocuments,
  type Clock,
  defaultProvider,
  type IdentityProvider,
  type Random,
} from "./oauth/ports.ts";
import type { Endpoint } from "./oauth/services.ts";
import type { Store } from "./oauth/store.ts";
import { seconds } from "./oauth/values.ts";
import { createPages } from "./pages/render.ts";
import type { Migration } from "./storage/migration.ts";
import type { OnNotice } from "./storage/notice.ts";
import type { SchemaChangeOptions } from "./storage/postgres/schema-change.ts";
import {
  openPostgresStore,
  openPostgresStoreEventually,
  pendingPostgresMigrations,
} from "./storage/postgres/store.ts";
import { openSqliteStore, pendingSqliteMigrations } from "./storage/sqlite/store.ts";
import { createBoundedEvents } from "./telemetry/bounded-events.ts";
import { createEvents } from "./telemetry/events.ts";

export interface RunningGatehouse {
  /** Where it listens, which behind a proxy is not the issuer. */
  readonly url: string;
  /** Finishes the requests in flight, then closes the store. */
  stop(): Promise<void>;
}

/**
 * What a caller may hand in instead of having it made: a store it uses itself, a clock it moves, documents
 * without a network.
 */
export interface Overrides {
  /** False: another process sweeps the database. */
  readonly keepsHouse?: boolean;
  readonly store?: Store;
  readonly documents?: ClientDocuments;
  readonly clock?: Clock;
  /**
   * Told when a database that could not be reached at the start turns out to let nobody in: waiting is over.
   */
  readonly onDatabaseRefused?: (error: Error) => void;
  /** True: start although no configured key made the refresh tokens that live. */
  readonly acceptNewKey?: boolean;
}

const systemClock: Clock = { now: () => seconds(Date.now() / 1000) };
/**
 * The generator is asked for many at once: that costs hardly more than asking for a few. No byte is given
 * twice.
 */
const systemRandom: Random = {
  bytes(count) {
    if (pool.length < count) pool = randomBytes(Math.max(4096, count));
    const bytes = Buffer.from(pool.subarray(0, count));
    pool = pool.subarray(count);
    return bytes;
  },
};
let pool = Buffer.alloc(0);

/**
 * The store the configuration names, with pending migrations applied, unless it says otherwise.
 * @param log told what becomes of the database while it is open; none for a command that is soon over
 * @param waiting for how long others may be in the way of migrations, and who is told of them; the log when
 * left out
 */
export function openStore(
  { storage }: Pick<Config, "storage">,
  log?: Logger,
  waiting: SchemaChangeOptions = {},
): Promise<Store> {
  if (storage.kind !== "sqlite") {
    const onWait = (message: string) => log?.warn(message);
    return openPostgresStore({ ...storage, onWait, ...waiting });
  }
  const onNotice: OnNotice | undefined = log && ((level, message) => log[level](message));
  return openSqliteStore({ ...storage, onNotice });
}

/**
 * The store for a command beside the server: never made, and never brought up to date by the way.
 * @throws StoreUnavailableError when there is none; WrongVersionError when it is not up to date
 */
export function openExistingStore({ storage }: Pick<Config, "storage">): Promise<Store> {
  return storage.kind === "sqlite"
    ? openSqliteStore({ ...storage, create: false, migrate: false })
    : openPostgresStore({ ...storage, migrate: false });
}

/** The keys the configuration names, or those in the key file beside the embedded database. */
export function configuredKeys(config: Config): Promise<ConfiguredKeys> {
  const { secretKeys, secretKeyFile, storage } = config;
  const databasePath = storage.kind === "sqlite" ? storage.path : undefined;
  return readKeys({ secretKeys, secretKeyFile, databasePath });
}

/** What `openStore` would apply. Changes nothing. */
export async function pendingMigrations({ storage }: Pick<Config, "storage">): Promise<Migration[]> {
  return storage.kind === "sqlite"
    ? pendingSqliteMigrations(storage.path)
    : pendingPostgresMigrations(storage.url);
}

/**
 * Puts everything together and listens. A store that was handed in is closed by `stop` like its own.
 * @throws KeyError when the database was used with other keys; node's own error when the port cannot be had
 * (`EADDRINUSE`), with the store closed again; DatabaseRefusedError when the database lets nobody in
 */
export async function startGatehouse(
  config: Config,
  log: Logger,
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
  const { store, keyring } = await startStore(config, log, clock, overrides);
  const settings = { ...config.settings, ...keySettings(keyring) };
  const signIn = createSignIn(config, urls, clock, log);
  const warnings = new Set<string>();
  const keysWarn = keyWarnings(
    keyring,
    () => store.findKeys(clock.now()),
    (about, warning) => log.warn(about, warning),
  );
  const events = createEvents(log);
  const refused = createBoundedEvents(events, clock);
  const server = createAuthorizationServer({
    settings,
    store,
    providers: providersOf([signIn.provider]),
    documents,
    clock,
    random: systemRandom,
    events,
    failures: createFailureLimiter({ enabled: config.rateLimits }),
    warnings: async () => [...warnings, ...(await keysWarn())],
  });
  const pages = createPages(urls.basePath);
  const routes = [...serverRoutes(urls, server), stylesheetRoute(pages.stylesheet)];
  if (signIn.page !== undefined) routes.push(developmentRoute(signIn.page.path, signIn.page.endpoint));
  const listener = createListener({
    routes,
    issuer: settings.issuer,
    renderPage: pages.renderPage,
    trustedProxies: config.trustedProxies,
    onIgnoredForwarding: (peer) =>
      log.warn(
        { peer },
        `X-Forwarded-For from ${peer} is not believed, so everybody behind it counts as one address; if it is your proxy, set TRUSTED_PROXIES to include it`,
      ),
    rateLimits: config.rateLimits,
    onRefused: ({ id, status, error, method, path, address, userAgent }) => {
      const detail = `${status} ${method} ${path}`;
      refused(`${status} ${address}`, {
        name: "request_refused",
        request: id,
        address,
        userAgent,
        error,
        detail,
      });
    },
    onFailure: (error, { id, path }) => log.error({ err: error, request: id, path }, "request failed"),
    ...(log.isLevelEnabled("debug") ? { onRequest: (entry) => log.debug(entry, "request") } : {}),
  });
  const { host } = config.listen;
  const { port, address } = await closingOnError(store, () => listener.listen(config.listen.port, host));
  if (config.upstream === "development" && !isLoopbackAddress(address)) {
    // The configuration sees to it; a name in HOST may still lead elsewhere.
    await listener.close();
    await store.close();
    throw new Error(`the development sign-in must not be reachable at ${address}: set HOST to 127.0.0.1`);
  }
  const housekeeping =
    overrides.keepsHouse === false ? undefined : keepHouse(config, log, store, clock, warnings);
  const looking = lookFromHere(config, log, store, signIn.discover, warnings, overrides.keepsHouse !== false);
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
    async stop() {
      looking.stop();
      await listener.close();
      await housekeeping?.stop();
      await store.close();
    },
  };
}

/**
 * What is done once for several processes that serve: the database is brought up to date, its key created,
 * and what died swept away.
 * @throws what `startGatehouse` does when the database cannot be used
 */
export async function startUpkeep(
  config: Config,
  log: Logger,
  overrides: Pick<Overrides, "onDatabaseRefused" | "acceptNewKey"> = {},
): Promise<{ stop(): Promise<void> }> {
  const { store } = await startStore(config, log, systemClock, overrides);
  const housekeeping = keepHouse(config, log, store, systemClock, new Set());
  const { discover } = createSignIn(config, endpointUrls(config.settings.issuer), systemClock, log);
  const looking = lookFromHere(config, log, store, discover, new Set());
  return {
    async stop() {
      looking.stop();
      await housekeeping.stop();
      await store.close();
    },
  };
}

const providerFails = "the identity provider cannot be used: nobody can sign in";

/**
 * @param warnings where it stands that the provider cannot be used
 * @param tells false: another process writes it into the log
 */
function lookFromHere(
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

const housekeepingFails = "housekeeping failed: what has died stays in the database until it succeeds";

/** @param warnings where it stands while the latest round has failed */
function keepHouse(
  { clientIdle, clientUnused }: Config,
  log: Logger,
  store: Store,
  clock: Clock,
  warnings: Set<string>,
) {
  return startHousekeeping({
    store,
    clock,
    clientIdle,
    clientUnused,
    onRound: ({ swept, error }) => {
      if (error !== undefined) {
        warnings.add(housekeepingFails);
        log.error({ err: error }, "housekeeping failed; it tries again later");
      } else {
        warnings.delete(housekeepingFails);
        log.debug({ swept }, "housekeeping");
      }
    },
  });
}

/**
 * The store, and the keys it has agreed to. The embedded database is there or is not; one on another machine
 * may be on its way, so the server starts without it, waits, and asks it about the keys then.
 */
async function startStore(
  config: Config,
  log: Logger,
  clock: Clock,
  overrides: Overrides,
): Promise<{ store: Store; keyring: Keyring }> {
  const configured = await configuredKeys(config);
  const { storage } = config;
  const start = (store: Store) => ({
    store,
    now: clock.now(),
    acceptNewKey: overrides.acceptNewKey ?? false,
  });
  if (overrides.store !== undefined || storage.kind === "sqlite") {
    const store = overrides.store ?? (await openStore(config, log));
    const { keyring, signedOut } = await closingOnError(store, () => startKeys(configured, start(store)));
    if (overrides.acceptNewKey) tellOfNewKey(log, signedOut);
    return { store, keyring };
  }
  const onFailure = (error: unknown) =>
    log.fatal({ err: error }, "the database cannot be used; restart once that is mended");
  const { onDatabaseRefused = onFailure } = overrides;
  const keyring = arrangeByRule(configured);
  let refusal: KeyError | undefined;
  const store = await openPostgresStoreEventually({
    ...storage,
    waitMs: 5000, // for others who are in a migration's way: it tries again by itself, and meanwhile answers that it is not ready
    onWait: (message) => log.warn(message),
    prepare: async (opened) => {
      const strange = await admit(keyring, start(opened));
      const counted = strange ? (await opened.countGrants(clock.now())).people : undefined;
      if (overrides.acceptNewKey) tellOfNewKey(log, counted);
    },
    maxPauseMs: storage.maxRetryMs,
    onRetry: (error, pauseMs) =>
      log.warn({ err: error, retryInMilliseconds: pauseMs }, "the database cannot be reached; trying again"),
    onRefused: onDatabaseRefused,
    onFailure: (error) => {
      if (!(error instanceof KeyError)) return onFailure(error);
      refusal = error;
      onDatabaseRefused(error);
    },
  });
  if (refusal === undefined) return { store, keyring };
  await store.close();
  throw refusal;
}

async function closingOnError<T>(store: Store, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await store.close();
    throw error;
  }
}

function tellOfNewKey(log: Logger, signedOut: number | undefined): void {
  if (signedOut === undefined) {
    log.warn("--accept-new-key was not needed; leave it out, or a wrong key will be accepted one day");
  } else {
    log.warn({ people: signedOut }, "started with a new key: so many people have to sign in anew");
  }
}

/** The configured identity provider; in development our own, which brings a page. */
function createSignIn(
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
    allowedDomains,
    warn: (message) => log.warn(message),
  });
  return { provider, discover: provider.discover };
}
