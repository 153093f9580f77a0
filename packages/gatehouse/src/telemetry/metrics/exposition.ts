import { AggregatorRegistry, Registry } from "prom-client";
import type { Snapshot } from "./registry.ts";

/** Its types know only what the library's own counters give, and not the second parameter. */
const aggregate = AggregatorRegistry.aggregate as unknown as (
  snapshots: readonly Snapshot[],
  contentType: string,
) => Registry;

export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

/**
 * What all processes together have counted, in the form that is asked for: OpenMetrics 1.0 where `Accept`
 * names it, else Prometheus' text.
 */
export async function expose(snapshots: readonly Snapshot[], accept = ""): Promise<Exposition> {
  const isOpen = accept.includes("application/openmetrics-text");
  const contentType = isOpen ? Registry.OPENMETRICS_CONTENT_TYPE : Registry.PROMETHEUS_CONTENT_TYPE;
  const registry = aggregate(isOpen ? snapshots.map(asFamilies) : snapshots, contentType);
  return { contentType, text: await registry.metrics() };
}

/** In OpenMetrics a counter is a family whose name has no suffix; the samples get it again. */
const asFamilies = (snapshot: Snapshot): Snapshot =>
  snapshot.map((metric) =>
    metric.type === "counter" ? { ...metric, name: metric.name.replace(/_total$/, "") } : metric,
  );
