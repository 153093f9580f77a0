/*
 * The standard variables of OpenTelemetry. They are not ours: others of the same deployment read them too, so
 * what is wrong or not understood is warned about and ignored, as their specification asks, and never ends a
 * start. Empty counts as absent.
 */

/** Where one kind of thing is sent. */
export interface CollectorTarget {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds for one attempt. */
  readonly timeoutMs: number;
  readonly gzip: boolean;
}

export interface OpenTelemetry {
  /** Spans of requests; `undefined`: none are made. */
  readonly traces:
    | (CollectorTarget & { readonly sampler: { readonly isParentBased: boolean; readonly ratio: number } })
    | undefined;
  /** Audit records; `undefined`: none are sent. */
  readonly logs: CollectorTarget | undefined;
  /** Attributes of this service. */
  readonly resource: Readonly<Record<string, string>>;
  /** What of it is not followed, in sentences without a secret. */
  readonly warnings: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;
type Warn = (warning: string) => void;

const ourProtocol = "http/json";
const defaultTimeoutMs = 10_000;

export function readOpenTelemetry(environment: Environment): OpenTelemetry {
  const warnings: string[] = [];
  const warn: Warn = (warning) => {
    if (!warnings.includes(warning)) warnings.push(warning);
  };
  const get = (name: string) => environment[name]?.trim() || undefined;
  if (get("OTEL_SDK_DISABLED")?.toLowerCase() === "true") {
    return { traces: undefined, logs: undefined, resource: {}, warnings };
  }
  const traces = targetOf("TRACES", "v1/traces", get, warn);
  const logs = targetOf("LOGS", "v1/logs", get, warn);
  if (traces === undefined && logs === undefined) {
    return { traces: undefined, logs: undefined, resource: {}, warnings };
  }
  for (const name of notRead) {
    if (get(name) !== undefined) warn(`${name} is not read; ${instead[name]}`);
  }
  return {
    traces: traces && { ...traces, sampler: samplerOf(get, warn) },
    logs,
    resource: resourceOf(get, warn),
    warnings,
  };
}

const instead = {
  OTEL_EXPORTER_OTLP_CERTIFICATE: "CA_FILE names authorities to trust",
  OTEL_EXPORTER_OTLP_CLIENT_KEY: "there are no client certificates; use OTEL_EXPORTER_OTLP_HEADERS",
  OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: "there are no client certificates; use OTEL_EXPORTER_OTLP_HEADERS",
};
const notRead = Object.keys(instead) as (keyof typeof instead)[];

type Get = (name: string) => string | undefined;

function targetOf(
  signal: "TRACES" | "LOGS",
  path: string,
  get: Get,
  warn: Warn,
): CollectorTarget | undefined {
  const exporter = get(`OTEL_${signal}_EXPORTER`);
  if (exporter === "none") return undefined;
  const own = `OTEL_EXPORTER_OTLP_${signal}_`;
  /** That of the signal, else that of all. */
  const find = (name: string) => {
    const variable = [own, "OTEL_EXPORTER_OTLP_"].map((prefix) => prefix + name).find((key) => get(key));
    return variable === undefined ? undefined : { variable, text: get(variable) ?? "" };
  };
  const endpoint = find("ENDPOINT");
  if (endpoint === undefined) return undefined;
  if (exporter !== undefined && exporter !== "otlp") {
    warn(`OTEL_${signal}_EXPORTER=${exporter} is ignored: there is otlp, and none`);
  }
  const url = readUrl(endpoint.text);
  if (url === undefined) {
    warn(`${endpoint.variable} is ignored: it is no http(s) URL without user information`);
    return undefined;
  }
  // The one for all is a base, the others are taken as they are (OTLP Exporter, Endpoint URLs).
  if (!endpoint.variable.startsWith(own)) url.pathname = `${url.pathname.replace(/\/+$/, "")}/${path}`;
  const protocol = find("PROTOCOL");
  if (protocol !== undefined && protocol.text !== ourProtocol) {
    warn(
      `${protocol.variable}=${protocol.text.slice(0, 40)} is ignored: what is sent is ${ourProtocol}, the only protocol there is here (of a collector usually at port 4318)`,
    );
  }
  const compression = find("COMPRESSION");
  if (compression !== undefined && !["gzip", "none"].includes(compression.text)) {
    warn(`${compression.variable} is ignored: there is gzip, and none`);
  }
  const timeout = find("TIMEOUT");
  const timeoutMs = Number(timeout?.text ?? defaultTimeoutMs);
  const isTime = Number.isInteger(timeoutMs) && timeoutMs > 0 && timeoutMs <= 600_000;
  if (!isTime) warn(`${timeout?.variable} is ignored: it is no number of milliseconds up to 600000`);
  const headers = find("HEADERS");
  return {
    url: url.href,
    headers: (headers && readHeaders(headers, warn)) ?? {},
    timeoutMs: isTime ? timeoutMs : defaultTimeoutMs,
    gzip: compression?.text === "gzip",
  };
}

function readUrl(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  return /^https?:$/.test(url.protocol) && url.username === "" && url.password === "" ? url : undefined;
}

function readHeaders(
  { variable, text }: { readonly variable: string; readonly text: string },
  warn: Warn,
): Record<string, string> | undefined {
  const pairs = readPairs(text);
  const isField = ([name, value]: [string, string]) =>
    /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) && /^[\t\x20-\x7E]*$/.test(value);
  if (pairs === undefined || !pairs.every(isField)) {
    warn(
      `${variable} is ignored: expected are pairs such as authorization=Bearer%20abc, with commas between`,
    );
    return undefined;
  }
  return Object.fromEntries(pairs.map(([name, value]) => [name.toLowerCase(), value]));
}

/** `a=b,c=d`, percent-encoded; `undefined` when it is anything else. */
function readPairs(text: string): [string, string][] | undefined {
  const pairs: [string, string][] = [];
  for (const pair of text.split(",")) {
    if (pair.trim() === "") continue;
    const at = pair.indexOf("=");
    if (at < 1) return undefined;
    try {
      pairs.push([pair.slice(0, at).trim(), decodeURIComponent(pair.slice(at + 1).trim())]);
    } catch {
      return undefined; // what is no percent-encoding spoils all of it, as the specification asks
    }
  }
  return pairs;
}

function resourceOf(get: Get, warn: Warn): Record<string, string> {
  const text = get("OTEL_RESOURCE_ATTRIBUTES");
  const pairs = text === undefined ? [] : readPairs(text);
  if (pairs === undefined) {
    warn("OTEL_RESOURCE_ATTRIBUTES is ignored: expected are pairs such as a=b, with commas between");
  }
  const name = get("OTEL_SERVICE_NAME");
  return {
    "service.name": "gatehouse",
    ...Object.fromEntries(pairs ?? []),
    ...(name !== undefined && { "service.name": name }),
  };
}

/** Whether a trusted proxy decides, and which part is traced of what it does not decide. */
function samplerOf(get: Get, warn: Warn): { readonly isParentBased: boolean; readonly ratio: number } {
  const name = get("OTEL_TRACES_SAMPLER")?.toLowerCase() ?? "parentbased_always_on";
  const isParentBased = name.startsWith("parentbased_");
  switch (name.replace(/^parentbased_/, "")) {
    case "always_on":
      return { isParentBased, ratio: 1 };
    case "always_off":
      return { isParentBased, ratio: 0 };
    case "traceidratio": {
      const argument = get("OTEL_TRACES_SAMPLER_ARG");
      const ratio = Number(argument ?? 1);
      if (ratio >= 0 && ratio <= 1) return { isParentBased, ratio };
      warn("OTEL_TRACES_SAMPLER_ARG is ignored: it is no number from 0 to 1");
      return { isParentBased, ratio: 1 };
    }
    default:
      warn(
        "OTEL_TRACES_SAMPLER is ignored: there are always_on, always_off and traceidratio, and each with parentbased_ before it",
      );
      return { isParentBased: true, ratio: 1 };
  }
}
