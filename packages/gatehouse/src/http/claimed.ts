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

/** Answers a request to its end. The promise rejects only for a defect. */
export type Take = (
  request: IncomingMessage,
  response: ServerResponse,
  origin: RequestOrigin,
) => Promise<void>;

/**
 * Knows who answers requests past the routes, streams and all: bodies, limits, headers and errors are their
 * own business.
 */
export interface RequestTaker {
  /** `undefined` for a request that the routes answer. */
  find(request: IncomingMessage): Take | undefined;
}
