import type { IncomingHttpHeaders } from "node:http";
import type { OAuthResponse } from "../oauth/messages/response.ts";

/** A request at a path that no route has, as it arrived. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly rawQuery: string;
  readonly headers: IncomingHttpHeaders;
  /** Where it comes from, looking through trusted proxies. */
  readonly address: string;
  /** Whose connection it is. */
  readonly peer: string;
  /** By bare name. */
  readonly cookies: ReadonlyMap<string, string>;
}

/**
 * Asked before such a request is answered that there is nothing. `undefined`: there is nothing, and the
 * answer is what it is for any other.
 */
export type AnswerUnknown = (request: SeenRequest) => Promise<OAuthResponse | undefined>;
