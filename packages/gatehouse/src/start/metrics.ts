import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Logger } from "pino";
import type { Config } from "../config/config.ts";
import { callOutcomes } from "../gateway/audit/outcome.ts";
import type { ListenerOptions } from "../http/listener.ts";
import { listenForMetrics } from "../http/metrics-listener.ts";
import { refusalCodes } from "../http/refusal.ts";
import { auditEventNames } from "../oauth/audit-events.ts";
import { budgetNames } from "../oauth/budgets.ts";
import { oauthErrorCodes } from "../oauth/messages/errors.ts";
import { pageKinds } from "../oauth/messages/page.ts";
import { type Clock, type Events, type IdentityProviders, signInErrorCodes } from "../oauth/ports.ts";
import type { Store } from "../oauth/store.ts";
import { programVersion } from "../shipped-files.ts";
import { freeBytes } from "../storage/sqlite/file.ts";
import { other } from "../telemetry/metrics/closed.ts";
import { measuredProviders } from "../telemetry/metrics/measured-providers.ts";
import { measuredStore } from "../telemetry/metrics/measured-store.ts";
import { Meter } from "../telemetry/metrics/meter.ts";
import { type Gauges, type Snapshot, snapshotOf } from "../telemetry/metrics/registry.ts";

/** Grants and people are counted so often at most, milliseconds: that looks at every grant. */
const countEveryMs = 5 * 60_000;
/** The event loop is looked at so often, milliseconds. */
const loopResolutionMs = 20;

/** What is limited besides that. */
const otherLimits = ["registrations", "calls", "streams"];

/** How what is served is measured, in this process. */
export interface Metrics {
  store(store: Store): Store;
  providers(providers: IdentityProviders): IdentityProviders;
  events(events: Events): Events;
  /** Told which tools a server behind says that it has. */
  listed(server: string, tools: readonly string[]): void;
  /** What the listener tells. */
  readonly edge: Pick<ListenerOptions, "measure" | "onPage">;
  /** All that was counted so far. */
  snapshot(): Snapshot;
}

/**
 * @param counted the grants and people of the database, where this process counts them
 * @param sinks who gets the audit trail as well
 * @param audit what becomes of events on their way into it
 * @param tracesLost steps of traces that this process lost
 * @param inUse what is open at the servers behind, where this process has doors
 */
export function startMetrics(
  config: Config,
  counted: Gauges["counted"] = () => undefined,
  inUse: Gauges["inUse"] = () => new Map(),
  sinks: Gauges["sinks"] = [],
  audit: Gauges["audit"] = () => ({ written: 0, waiting: 0, lost: 0 }),
  tracesLost: Gauges["tracesLost"] = () => 0,
): Metrics | undefined {
  if (config.metrics === undefined) return undefined;
  const loop = monitorEventLoopDelay({ resolution: loopResolutionMs });
  loop.enable();
  const known = {
    events: auditEventNames,
    outcomes: ["ok", ...oauthErrorCodes, ...refusalCodes, other],
    providers: config.providers.map(({ name }) => name),
    signIns: ["ok", ...signInErrorCodes],
    calls: callOutcomes,
    limits: [...budgetNames, ...otherLimits, other],
    pages: pageKinds,
    version: programVersion(),
  };
  const meter = new Meter(known);
  const loopDelay = () => {
    const beyond = (nanoseconds: number) => Math.max(0, nanoseconds / 1e9 - loopResolutionMs / 1000);
    const delay = { p99: beyond(loop.percentile(99)), max: beyond(loop.max) };
    loop.reset();
    return delay;
  };
  const { storage } = config;
  const diskFree = () =>
    storage.kind === "sqlite" && storage.path !== ":memory:" ? freeBytes(storage.path) : undefined;
  return {
    store: (store) => measuredStore(store, meter.store),
    providers: (providers) => measuredProviders(providers, meter),
    events: (events) => meter.counting(events),
    listed: (server, tools) => meter.listed(server, tools),
    edge: {
      measure: (endpoint) => meter.measure(endpoint),
      onPage: (kind) => meter.pages.add(kind),
    },
    snapshot: () =>
      snapshotOf(meter, { counted, loopDelay, inUse, diskFree, sinks, audit, tracesLost }, known),
  };
}

/** Counts the grants and people of the database now and then, for one instance. */
export function countGrants(
  store: Store,
  clock: Clock,
): { readonly latest: Gauges["counted"]; stop(): void } {
  let latest: ReturnType<Gauges["counted"]>;
  const count = async () => {
    const now = clock.now();
    const { people, byKey } = await store.countGrants(now);
    latest = { people, grants: byKey.reduce((sum, { grants }) => sum + grants, 0), at: now };
  };
  const look = () => void count().catch(() => undefined); // the database says so itself
  const first = setTimeout(look, 1000).unref();
  const interval = setInterval(look, countEveryMs).unref();
  return {
    latest: () => latest,
    stop() {
      clearTimeout(first);
      clearInterval(interval);
    },
  };
}

/** Where the metrics were to be told cannot be had. */
export class MetricsAddressError extends Error {
  override readonly name = "MetricsAddressError";
  constructor(host: string, port: number, code: string | undefined, cause: unknown) {
    const why = code === "EADDRINUSE" ? "is taken by another program" : `cannot be listened on (${code})`;
    super(`METRICS_LISTEN: port ${port} of ${host} ${why}; choose another one, or off`, { cause });
  }
}

/**
 * Opens the port for metrics. A default port that is taken is only warned of: another instance on this
 * computer has it.
 * @param snapshots of all processes of this instance
 * @throws MetricsAddressError where a configured address cannot be had
 */
export async function openMetrics(
  { metrics }: Pick<Config, "metrics">,
  log: Logger,
  snapshots: () => Promise<readonly Snapshot[]>,
): Promise<{ close(): void } | undefined> {
  if (metrics === undefined) return undefined;
  const { host, port, isDefault } = metrics;
  try {
    const listener = await listenForMetrics({
      host,
      port,
      async expose(accept) {
        const { expose } = await import("../telemetry/metrics/exposition.ts"); // at the first scrape
        return expose(await snapshots(), accept);
      },
      onFailure: (error) => log.error({ err: error }, "the metrics could not be told"),
    });
    log.info(
      { address: `http://${host.includes(":") ? `[${host}]` : host}:${listener.port}/metrics` },
      "metrics",
    );
    return listener;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!isDefault || code !== "EADDRINUSE") throw new MetricsAddressError(host, port, code, error);
    log.warn(
      `there are no metrics: port ${port} of ${host} is taken; set METRICS_LISTEN, or METRICS_LISTEN=off`,
    );
    return undefined;
  }
}
