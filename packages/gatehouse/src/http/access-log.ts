import type { IncomingMessage, ServerResponse } from "node:http";
import { parseTraceparent } from "./trace-context.ts";

export interface AccessLogEntry {
  readonly id: string;
  readonly method: string;
  /** Without the query, which may hold secrets; as the other side sent it. */
  readonly path: string;
  /** Undefined when the other side left before the answer. */
  readonly status: number | undefined;
  readonly milliseconds: number;
  readonly address: string;
  /** The span that the request says it is part of, if well-formed: a link to records of others (Z04). */
  readonly traceparent?: string;
  /** How the sender calls the request; never our reference. */
  readonly sentRequestId?: string;
}

/** Tells of a request once it is answered, or its connection gone. */
export function logWhenOver(
  onRequest: (entry: AccessLogEntry) => void,
  { method = "GET", headers }: IncomingMessage,
  response: ServerResponse,
  about: Pick<AccessLogEntry, "id" | "path" | "address">,
): void {
  const start = performance.now();
  response.once("close", () => {
    const status = response.headersSent ? response.statusCode : undefined;
    onRequest({ ...about, ...linksOf(headers), method, status, milliseconds: performance.now() - start });
  });
}

function linksOf({
  traceparent,
  "x-request-id": sentRequestId,
}: IncomingMessage["headers"]): Pick<AccessLogEntry, "traceparent" | "sentRequestId"> {
  const isId = typeof sentRequestId === "string" && /^[\w.:=+/-]{1,128}$/.test(sentRequestId);
  return {
    ...(parseTraceparent(traceparent) && { traceparent: traceparent as string }),
    ...(isId && { sentRequestId }),
  };
}
