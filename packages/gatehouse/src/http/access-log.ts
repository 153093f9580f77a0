import type { IncomingMessage, ServerResponse } from "node:http";

export interface AccessLogEntry {
  readonly id: string;
  readonly method: string;
  /** Without the query, which may hold secrets; as the other side sent it. */
  readonly path: string;
  /** Undefined when the other side left before the answer. */
  readonly status: number | undefined;
  readonly milliseconds: number;
  readonly address: string;
}

/** Tells of a request once it is answered, or its connection gone. */
export function logWhenOver(
  onRequest: (entry: AccessLogEntry) => void,
  { method = "GET" }: IncomingMessage,
  response: ServerResponse,
  about: Pick<AccessLogEntry, "id" | "path" | "address">,
): void {
  const start = performance.now();
  response.once("close", () => {
    const status = response.headersSent ? response.statusCode : undefined;
    onRequest({ ...about, method, status, milliseconds: performance.now() - start });
  });
}
