import { AsyncLocalStorage } from "node:async_hooks";
import { randomUUID } from "node:crypto";
import type { IdentityProviders } from "../../oauth/ports.ts";
import type { Store } from "../../oauth/store.ts";
import { keyValues } from "../otlp/attributes.ts";
import { createOtlpExporter, type OtlpExporter, type OtlpTarget } from "../otlp/exporter.ts";
import { type CallTracing, createCallTracing } from "./calls.ts";
import { type CurrentSpan, createRequestTracing, type RequestTracing } from "./requests.ts";
import type { SamplerSettings } from "./sampler.ts";
import type { EncodedSpan } from "./span.ts";
import { tracedProviders } from "./traced-providers.ts";
import { tracedStore } from "./traced-store.ts";

export interface TracingOptions {
  readonly target: OtlpTarget;
  readonly sampler: SamplerSettings;
  /** Of this process: `service.name` and what else the operator says. */
  readonly resource: Readonly<Record<string, string>>;
  readonly version: string;
  readonly issuer: string;
  readonly database: "sqlite" | "postgresql";
  readonly onTrouble: (why: string) => void;
  readonly onRecovery: (dropped: number) => void;
}

/** What is asked for in spans: requests, and within them the store, the providers and calls to servers. */
export interface Tracing {
  readonly requests: RequestTracing;
  readonly calls: CallTracing;
  store(store: Store): Store;
  providers(providers: IdentityProviders): IdentityProviders;
  readonly exporter: Pick<OtlpExporter<EncodedSpan>, "waiting" | "dropped">;
  close(): Promise<void>;
}

const maxWaiting = 2048;
const delayMs = 1000;

export function createTracing(options: TracingOptions): Tracing {
  const { version, target, sampler, issuer, database } = options;
  const resource = {
    attributes: keyValues({
      "service.version": version,
      "service.instance.id": randomUUID(),
      ...options.resource,
    }),
  };
  const exporter = createOtlpExporter<EncodedSpan>({
    target,
    body: (spans) => ({
      resourceSpans: [{ resource, scopeSpans: [{ scope: { name: "gatehouse", version }, spans }] }],
    }),
    maxWaiting,
    delayMs,
    onTrouble: options.onTrouble,
    onRecovery: options.onRecovery,
  });
  const current: CurrentSpan = new AsyncLocalStorage();
  return {
    requests: createRequestTracing({ issuer, sampler, current, tell: exporter.add }),
    calls: createCallTracing(current),
    store: (store) => tracedStore(store, current, database),
    providers: (providers) => tracedProviders(providers, current),
    exporter,
    close: exporter.close,
  };
}
