import type { IncomingMessage, ServerResponse } from "node:http";

/** What the edge knows of a request when it hands it on. */
export interface RequestOrigin {
  /** Its reference, in every log line about it. */
  readonly id: string;
  /** Where it comes from, looking through trusted proxies. */
  readonly address: string;
  /** Whether a trusted proxy sent it, whose forwarding headers count. */
  readonly isThroughProxy: boolean;
}

/**
 * Who answers requests past the routes, streams and all: bodies, limits, headers and errors are its own
 * business. The promise of `handle` rejects only for a defect.
 */
export interface RequestTaker {
  claims(request: IncomingMessage): boolean;
  handle(request: IncomingMessage, response: ServerResponse, origin: RequestOrigin): Promise<void>;
}
