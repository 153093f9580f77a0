import type { AsyncLocalStorage } from "node:async_hooks";
import { isSampled, type SamplerSettings } from "./sampler.ts";
import { type EncodedSpan, Span, spanKinds } from "./span.ts";
import { newTraceId, type SpanContext } from "./trace-context.ts";

/** What is going on where, so that what is done for a request is told as part of it. */
export type CurrentSpan = AsyncLocalStorage<{
  readonly span: Span;
  /** The span that the request says it is part of. */
  readonly incoming: SpanContext | undefined;
}>;

/** The span of one request. */
export interface RequestSpan {
  /** Does the request's work: spans that begin meanwhile are its children. */
  run<T>(work: () => T): T;
  /** @param path of ours: never what was asked for, which may hold anything */
  setRoute(path: string): void;
  /** @param outcome `ok`, the code of an error, or a status */
  setOutcome(reference: string, outcome: string): void;
  /** @param status undefined: the other side left before the answer */
  end(status: number | undefined): void;
}

export interface RequestTracing {
  /** `undefined` for a request that is not traced. */
  begin(request: {
    readonly method: string | undefined;
    /** What it says of its own trace, if that is well-formed. */
    readonly incoming: SpanContext | undefined;
    /** Whether a trusted proxy sent it. */
    readonly isThroughProxy: boolean;
  }): RequestSpan | undefined;
}

/** Others are a stranger's words. */
const methods = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE"]);

/**
 * A span a request, by the names of OpenTelemetry's conventions for HTTP. No query, no path that is not one
 * of ours, no address, no user agent. What the request says of its own trace becomes a link (Z04).
 */
export function createRequestTracing({
  issuer,
  sampler,
  current,
  tell,
}: {
  readonly issuer: string;
  readonly sampler: SamplerSettings;
  readonly current: CurrentSpan;
  readonly tell: (span: EncodedSpan) => void;
}): RequestTracing {
  const { protocol, hostname, port } = new URL(issuer);
  const scheme = protocol.slice(0, -1);
  const about = {
    "url.scheme": scheme,
    "server.address": hostname.replace(/^\[(.*)\]$/, "$1"),
    "server.port": Number(port || (scheme === "https" ? 443 : 80)),
  };
  return {
    begin({ method = "", incoming, isThroughProxy }) {
      const traceId = newTraceId();
      if (!isSampled(sampler, traceId, isThroughProxy ? incoming : undefined)) return undefined;
      const known = methods.has(method) ? method : "_OTHER";
      const label = known === "_OTHER" ? "HTTP" : known;
      const span = new Span(
        {
          name: label,
          kind: spanKinds.server,
          traceId,
          link: incoming,
          attributes: { "http.request.method": known, ...about },
        },
        tell,
      );
      let errorType: string | undefined;
      return {
        run: (work) => current.run({ span, incoming }, work),
        setRoute(path) {
          span.name = `${label} ${path}`;
          span.set({ "http.route": path });
        },
        setOutcome(reference, outcome) {
          span.set({ "gatehouse.reference": reference });
          if (outcome !== "ok") errorType = outcome;
        },
        end(status) {
          span.set({ "http.response.status_code": status });
          if (status === undefined) return span.end("client_gone", false);
          span.end(errorType ?? (status >= 500 ? String(status) : undefined), status >= 500);
        },
      };
    },
  };
}
