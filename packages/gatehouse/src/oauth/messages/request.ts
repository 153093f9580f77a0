import type { Parameters } from "./parameters.ts";

/**
 * A request as the protocol sees it: already bounded and parsed once by the edge, nothing of `node:http`
 * left.
 */
export interface OAuthRequest {
  /**
   * Its reference (`oauth/reference.ts`), on error pages, in errors and in the log. Its own, until it is
   * known which attempt to authorize it belongs to: then that of the request that began the attempt (Z01).
   */
  id: string;
  /** `GET`, `POST`, `PUT` or `DELETE`, as the route table lets it through. */
  readonly method: string;
  readonly query: Parameters;
  /** The query string as received, without the `?`: the identity provider's answer is verified as a whole. */
  readonly rawQuery: string;
  /** The body when it was `application/x-www-form-urlencoded`. */
  readonly form: Parameters | undefined;
  /**
   * The body's text when it was `application/json`, unparsed: a malformed one is the endpoint's error to
   * tell.
   */
  readonly json: string | undefined;
  /** The body's text, whatever its type; empty when there is none. */
  readonly body: string;
  readonly headers: RequestHeaders;
  /** Cookies by name; of a name sent twice, the first. In the order the browser sent them (oldest first). */
  readonly cookies: ReadonlyMap<string, string>;
  /**
   * The client's address, with forwarding headers of trusted proxies already applied. For limits and the
   * audit log.
   */
  readonly address: string;
  /** True where the route asks and the request was made on this computer, by nobody in between. */
  readonly thisComputer?: boolean | undefined;
}

/** Has a request go by the reference of the attempt it belongs to. */
export function joinAttempt(request: OAuthRequest, { reference }: { readonly reference?: string }): void {
  if (reference !== undefined) request.id = reference;
}

/** Where a request comes from, as an event tells it. */
export function originOf({ id, address, headers }: OAuthRequest) {
  return { request: id, address, userAgent: headers.userAgent };
}

/** The only headers the protocol ever looks at. */
export interface RequestHeaders {
  readonly authorization: string | undefined;
  readonly origin: string | undefined;
  readonly secFetchSite: string | undefined;
  readonly referer: string | undefined;
  readonly userAgent: string | undefined;
}
