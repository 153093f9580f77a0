import type { CurrentSpan } from "./requests.ts";
import { spanKinds } from "./span.ts";
import { formatTraceparent } from "./trace-context.ts";

/** A server behind, as far as spans tell of it. */
interface TracedServer {
  readonly name: string;
  readonly address: string;
  readonly backend:
    | { readonly kind: "http"; readonly url: URL; readonly socketPath: string | undefined }
    | { readonly kind: "stdio" };
}

/** One call on its way to a server. */
interface TracedCall {
  /** With the span's own `traceparent`. */
  readonly fields: readonly string[];
  answered(status: number): void;
  failed(type: string): void;
}

export interface CallTracing {
  /** Notes whose door a request came to. */
  came(server: TracedServer): void;
  /** `undefined` where the request is not traced: its fields go on as they are. */
  begin(server: TracedServer, method: string | undefined, fields: readonly string[]): TracedCall | undefined;
}

/**
 * Spans of calls to servers behind, each until its answer begins. A call that came with a trace goes on in
 * it, as a span of it with a parent-id of its own; the sampled flag stays its caller's word (Z04).
 */
export function createCallTracing(current: CurrentSpan): CallTracing {
  return {
    came({ name, address }) {
      const span = current.getStore()?.span;
      if (span === undefined) return;
      const { pathname } = new URL(address);
      span.name = `${span.name} ${pathname}`;
      span.set({ "http.route": pathname, "gatehouse.server": name });
    },
    begin({ name, backend }, method, fields) {
      const within = current.getStore();
      const incoming = within?.incoming;
      const isHttp = backend.kind === "http";
      const span = within?.span.child({
        name: isHttp ? (method ?? "HTTP") : "stdio",
        kind: isHttp ? spanKinds.client : spanKinds.internal,
        ...(incoming && {
          traceId: incoming.traceId,
          parentSpanId: incoming.spanId,
          link: within.span.context,
        }),
        attributes: {
          "gatehouse.server": name,
          ...(isHttp && {
            "http.request.method": method,
            "url.scheme": backend.url.protocol.slice(0, -1),
            ...(backend.socketPath === undefined
              ? {
                  "server.address": backend.url.hostname.replace(/^\[(.*)\]$/, "$1"),
                  "server.port": Number(backend.url.port || (backend.url.protocol === "https:" ? 443 : 80)),
                }
              : { "network.transport": "unix" }),
          }),
        },
      });
      if (span === undefined) return undefined;
      const { context } = span;
      const told = formatTraceparent({ ...context, isSampled: incoming?.isSampled ?? true });
      return {
        fields: [...withoutTrace(fields, incoming !== undefined), "traceparent", told],
        answered(status) {
          span.set({ "http.response.status_code": isHttp ? status : undefined });
          span.end(status >= 400 ? String(status) : undefined);
        },
        failed: (type) => span.end(type),
      };
    },
  };
}

/** @param keepsState whether the trace is still the one that `tracestate` belongs to */
function withoutTrace(fields: readonly string[], keepsState: boolean): string[] {
  const left: string[] = [];
  for (let at = 0; at < fields.length; at += 2) {
    const name = (fields[at] ?? "").toLowerCase();
    if (name === "traceparent" || (name === "tracestate" && !keepsState)) continue;
    left.push(fields[at] ?? "", fields[at + 1] ?? "");
  }
  return left;
}
