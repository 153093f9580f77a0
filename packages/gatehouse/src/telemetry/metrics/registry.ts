import type { Durations, Tally } from "./histogram.ts";
import type { LabelValues, Meter } from "./meter.ts";

/** Everything a process has counted, as plain data: it goes from one process to another. */
export type Snapshot = readonly Metric[];

export interface Metric {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  /** What becomes of the same value of several processes. */
  readonly aggregator: "sum" | "max";
  readonly values: readonly Value[];
}

/** What is counted elsewhere and asked for when somebody asks. */
export interface Gauges {
  /** Steps of traces that were lost in this process. */
  readonly tracesLost: () => number;
  /** Live grants, people who have one, and when that was; `undefined`: not counted by this process. */
  readonly counted: () =>
    | { readonly grants: number; readonly people: number; readonly at: number }
    | undefined;
  /** The delay of the event loop since it was asked last, seconds. */
  readonly loopDelay: () => { readonly p99: number; readonly max: number };
  /** Open at each MCP server behind, by its name. */
  readonly inUse: () => ReadonlyMap<
    string,
    { readonly streams: number; readonly children: number | undefined }
  >;
  /** Who gets the audit trail beside the database. */
  readonly sinks: readonly {
    readonly name: string;
    /** Records that wait. */
    readonly waiting: number;
    /** Records given up. */
    readonly dropped: number;
  }[];
  /** What becomes of events on their way into the audit trail. */
  readonly audit: () => { readonly written: number; readonly waiting: number; readonly lost: number };
  /** Bytes that may still be written where the database is; `undefined`: somebody else's business. */
  readonly diskFree: () => number | undefined;
}

/** The names of what can happen, so that a series stands at 0 before it does. */
export interface KnownNames extends LabelValues {
  readonly events: readonly string[];
  /** What may become of a tool's call. */
  readonly calls: readonly string[];
  readonly pages: readonly string[];
  readonly version: string;
}

interface Value {
  readonly labels: Record<string, string>;
  readonly value: number;
  /** Of a histogram's parts. */
  readonly metricName?: string;
}

/** What this process has counted so far. */
export function snapshotOf(meter: Meter, gauges: Gauges, known: KnownNames): Snapshot {
  const counted = gauges.counted();
  const { p99, max } = gauges.loopDelay();
  const inUse = [...byLabel(meter, gauges.inUse())];
  const audit = gauges.audit();
  const diskFree = gauges.diskFree();
  const { heapUsed, rss } = process.memoryUsage();
  const cpu = process.cpuUsage();
  const one = (value: number): Value[] => [{ labels: {}, value }];
  return [
    metric("gatehouse_build_info", "gauge", "What runs; always 1.", [
      { labels: { version: known.version, node: process.version }, value: 1 },
    ]),
    metric(
      "gatehouse_http_requests_total",
      "counter",
      "Requests answered, by endpoint and outcome: ok, the code of an error, or other.",
      [...meter.answers].flatMap(([endpoint, { outcomes }]) =>
        counts(outcomes, known.outcomes, (outcome) => ({
          endpoint,
          outcome,
        })),
      ),
    ),
    metric(
      "gatehouse_http_request_duration_seconds",
      "histogram",
      "From a request's head until its answer is handed to the operating system.",
      [...meter.answers].flatMap(([endpoint, { durations }]) =>
        spread("gatehouse_http_request_duration_seconds", durations, { endpoint }),
      ),
    ),
    metric(
      "gatehouse_pages_total",
      "counter",
      "Pages shown to people, by kind: of a consent page some are approved, some denied, the rest abandoned.",
      counts(meter.pages, known.pages, (page) => ({ page })),
    ),
    metric(
      "gatehouse_sign_ins_total",
      "counter",
      "Sign-ins at an identity provider, by provider and outcome.",
      counts(
        meter.signIns,
        [...new Set(known.providers.map((name) => meter.provider(name)))].flatMap((provider) =>
          known.signIns.map((outcome) => `${provider}\n${outcome}`),
        ),
        (key) => {
          const [provider = "", outcome = ""] = key.split("\n");
          return { provider, outcome };
        },
      ),
    ),
    metric(
      "gatehouse_provider_duration_seconds",
      "histogram",
      "How long an identity provider takes to prove who somebody is.",
      [...meter.providers].flatMap(([provider, durations]) =>
        spread("gatehouse_provider_duration_seconds", durations, { provider }),
      ),
    ),
    metric(
      "gatehouse_events_total",
      "counter",
      "What happened, by the names of the log.",
      counts(meter.events, known.events, (event) => ({ event })),
    ),
    metric(
      "gatehouse_limits_reached_total",
      "counter",
      "Requests refused because their budget was used up, by budget.",
      counts(meter.limits, known.limits, (budget) => ({ budget })),
    ),
    metric(
      "gatehouse_tool_calls_total",
      "counter",
      "Calls of tools of the servers behind, by server, tool and outcome; a tool that never answered is other.",
      counts(
        meter.calls,
        inUse.flatMap(([server]) => known.calls.map((outcome) => `${server}\nother\n${outcome}`)),
        (key) => {
          const [server = "", tool = "", outcome = ""] = key.split("\n");
          return { server, tool, outcome };
        },
      ),
    ),
    metric(
      "gatehouse_audit_records_total",
      "counter",
      "Records of the audit trail that this instance has written.",
      [{ labels: {}, value: audit.written }],
    ),
    metric("gatehouse_audit_waiting", "gauge", "Events that wait to be written into the audit trail.", [
      { labels: {}, value: audit.waiting },
    ]),
    metric(
      "gatehouse_audit_lost_total",
      "counter",
      "Events that did not get into the audit trail, because too many waited while the database refused them.",
      [{ labels: {}, value: audit.lost }],
    ),
    metric(
      "gatehouse_trace_steps_lost_total",
      "counter",
      "Steps of attempts that are in no trace, because the database did not take them.",
      [{ labels: {}, value: gauges.tracesLost() }],
    ),
    metric(
      "gatehouse_audit_sink_waiting",
      "gauge",
      "Records of the audit trail that wait to be sent on, by sink.",
      gauges.sinks.map(({ name: sink, waiting }) => ({ labels: { sink }, value: waiting })),
    ),
    metric(
      "gatehouse_audit_sink_dropped_total",
      "counter",
      "Records of the audit trail that were not sent on, by sink; they are in the database.",
      gauges.sinks.map(({ name: sink, dropped }) => ({ labels: { sink }, value: dropped })),
    ),
    metric(
      "gatehouse_open_streams",
      "gauge",
      "Event streams of servers behind that are open to clients, by server.",
      inUse.map(([server, { streams }]) => ({ labels: { server }, value: streams })),
    ),
    metric(
      "gatehouse_children",
      "gauge",
      "Processes of servers behind that are commands, by server.",
      inUse.flatMap(([server, { children }]) =>
        children === undefined ? [] : [{ labels: { server }, value: children }],
      ),
    ),
    metric(
      "gatehouse_tool_call_duration_seconds",
      "histogram",
      "How long calls of tools took, by server.",
      [...meter.callDurations].flatMap(([server, durations]) =>
        spread("gatehouse_tool_call_duration_seconds", durations, { server }),
      ),
    ),
    metric(
      "gatehouse_store_operation_duration_seconds",
      "histogram",
      "How long operations of the store take, by name; every sixteenth is timed.",
      [...meter.store].flatMap(([operation, durations]) =>
        spread("gatehouse_store_operation_duration_seconds", durations, { operation }),
      ),
    ),
    ...(counted === undefined
      ? []
      : [
          metric("gatehouse_live_grants", "gauge", "Grants that live.", one(counted.grants)),
          metric("gatehouse_people", "gauge", "People who have a grant that lives.", one(counted.people)),
          metric(
            "gatehouse_counted_timestamp_seconds",
            "gauge",
            "When the grants and people were counted.",
            one(counted.at),
          ),
        ]),
    ...(diskFree === undefined
      ? []
      : [
          metric(
            "gatehouse_disk_free_bytes",
            "gauge",
            "What may still be written where the database is.",
            one(diskFree),
          ),
        ]),
    metric(
      "gatehouse_event_loop_delay_seconds",
      "gauge",
      "How late the event loop ran since the last scrape.",
      [
        { labels: { quantile: "0.99" }, value: p99 },
        { labels: { quantile: "1" }, value: max },
      ],
    ),
    metric("gatehouse_heap_bytes", "gauge", "Memory used by JavaScript.", one(heapUsed)),
    metric("gatehouse_resident_memory_bytes", "gauge", "Memory the processes have.", one(rss)),
    metric(
      "gatehouse_cpu_seconds_total",
      "counter",
      "Processor time used.",
      one((cpu.user + cpu.system) / 1e6),
    ),
  ];
}

type InUse = ReturnType<Gauges["inUse"]>;

/** Servers beyond those that are counted by themselves together. */
function byLabel(meter: Meter, inUse: InUse): InUse {
  const found = new Map<string, { readonly streams: number; readonly children: number | undefined }>();
  for (const [name, { streams, children }] of inUse) {
    const label = meter.server(name);
    const so = found.get(label);
    const both = children === undefined ? so?.children : children + (so?.children ?? 0);
    found.set(label, { streams: streams + (so?.streams ?? 0), children: both });
  }
  return found;
}

function metric(name: string, type: Metric["type"], help: string, values: readonly Value[]): Metric {
  return { name, type, help, aggregator: isOfOne(name) ? "max" : "sum", values };
}

/** What processes do not add up to: the worst of them counts, or any. */
const isOfOne = (name: string) =>
  /_(?:info|delay_seconds|timestamp_seconds|grants|people|free_bytes)$/.test(name);

/** Those that are known beforehand at 0, and what was counted. */
function counts(
  tally: Tally,
  known: readonly string[],
  labels: (key: string) => Record<string, string>,
): Value[] {
  const all = new Map(known.map((key) => [key, 0]));
  for (const [key, count] of tally.read()) all.set(key, count);
  return [...all].map(([key, value]) => ({ labels: labels(key), value }));
}

function spread(name: string, durations: Durations, labels: Record<string, string>): Value[] {
  const { buckets, sum } = durations.read();
  return [
    ...buckets.map(([le, value]) => ({
      metricName: `${name}_bucket`,
      labels: { ...labels, le: String(le) },
      value,
    })),
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: buckets.at(-1)?.[1] ?? 0 },
  ];
}
