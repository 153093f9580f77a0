import type { Page } from "./page.ts";
import type { Parameters } from "./parameters.ts";

/**
 * A request as the protocol sees it: already bounded and parsed once by the edge, nothing of `node:http` left.
 */
export interface OAuthRequest {
  /** Reference id, unique per request: stands on error pages and in the log. */
  readonly id: string;
  /** `GET`, `POST`, `PUT` or `DELETE`, as the route table lets it through. */
  readonly method: string;
  readonly query: Parameters;
  /** The query string as received, without the `?`: the identity provider's answer is verified as a whole. */
  readonly rawQuery: string;
  /** The body when it was `application/x-www-form-urlencoded`. */
  readonly form: Parameters | undefined;
  /** The body's text when it was `application/json`, unparsed: a malformed one is the endpoint's error to tell. */
  readonly json: string | undefined;
  /** The body's text, whatever its type; empty when there is none. */
  readonly body: string;
  readonly headers: RequestHeaders;
  /** Cookies by name; of a name sent twice, the first. In the order the browser sent them (oldest first). */
  readonly cookies: ReadonlyMap<string, string>;
  /** The client's address, with forwarding headers of trusted proxies already applied. For limits and the audit log. */
  readonly address: string;
}

/** The only headers the protocol ever looks at. */
export interface RequestHeaders {
  readonly authorization: string | undefined;
  readonly origin: string | undefined;
  readonly secFetchSite: string | undefined;
  readonly referer: string | undefined;
  readonly userAgent: string | undefined;
}

/**
 * An answer of the protocol. Exactly one of `body` and `page`, or neither (redirects, empty answers).
 * The edge adds the security headers, CORS and the `Set-Cookie` lines, and has `page` rendered.
 */
export interface OAuthResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookies?: readonly SetCookie[];
  readonly body?: string;
  readonly page?: Page;
}

/** A cookie to set; always `HttpOnly; SameSite=Lax; Path=/`, and on an https issuer `Secure` with the `__Host-` prefix. */
export interface SetCookie {
  /** The bare name, without the `__Host-` prefix: the edge puts it on and takes it off. */
  readonly name: string;
  readonly value: string;
  /** Seconds to live; 0 deletes the cookie. */
  readonly maxAge: number;
}

export const noStore = { "Cache-Control": "no-store" } as const;

/** 200 with a JSON body, never to be cached unless the caller says otherwise. RFC 6749 §5.1. */
export function json(
  status: number,
  value: unknown,
  headers: Record<string, string> = noStore,
): OAuthResponse {
  return { status, headers: { "Content-Type": "application/json", ...headers }, body: JSON.stringify(value) };
}

/** A redirect that never repeats a POST at its target: 303 after a form, 302 otherwise (B18). */
export function redirect(
  method: string,
  location: string,
  cookies: readonly SetCookie[] = [],
): OAuthResponse {
  return { status: method === "POST" ? 303 : 302, headers: { ...noStore, Location: location }, cookies };
}

export function page(status: number, model: Page, cookies: readonly SetCookie[] = []): OAuthResponse {
  return { status, headers: noStore, page: model, cookies };
}
