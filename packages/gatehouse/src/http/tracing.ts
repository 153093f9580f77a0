import type { SpanContext } from "./trace-context.ts";

/** The span of one request (OpenTelemetry). */
export interface RequestSpan {
  /** Does the request's work as part of it. */
  run<T>(work: () => T): T;
  /** @param path the route's, never what was asked for */
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
    readonly incoming: SpanContext | undefined;
    readonly isThroughProxy: boolean;
  }): RequestSpan | undefined;
}
