import type { IncomingMessage, ServerResponse } from "node:http";

/** What the edge knows of a request when it hands it on. */
export interface RequestOrigin {
  /** Its reference, in every log line about it. */
  readonly id: string;
  /** Where it comes from, looking through trusted proxies. */
  readonly address: string;
}

/**
 * Who answers requests past the routes, streams and all: bodies, limits, headers and errors are its own
 * business. The promise of `handle` rejects only for a defect.
 */
export interface RequestTaker {
  /** @param path of the request's target, undecoded and without query */
  claims(request: IncomingMessage, path: string): boolean;
  handle(request: IncomingMessage, response: ServerResponse, origin: RequestOrigin): Promise<void>;
}
