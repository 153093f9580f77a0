import type { Page } from "./page.ts";

/**
 * An answer of the protocol. Exactly one of `body` and `page`, or neither (redirects, empty answers).
 * The edge adds the security headers, CORS and the `Set-Cookie` lines, and has `page` rendered.
 */
export interface OAuthResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookies?: readonly SetCookie[];
  readonly body?: string;
  /** In place of a body: what is no text. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
  readonly page?: Page;
  /** The code of the error that it tells, also where that goes to the client by a redirect; for metrics. */
  readonly error?: string;
}

/**
 * A cookie to set; always `HttpOnly; SameSite=Lax; Path=/`, and on an https issuer `Secure` with the
 * `__Host-` prefix.
 */
export interface SetCookie {
  /** The bare name, without the `__Host-` prefix: the edge puts it on and takes it off. */
  readonly name: string;
  readonly value: string;
  /** Seconds to live; 0 deletes the cookie. */
  readonly maxAge: number;
}

export const noStore = { "Cache-Control": "no-store" } as const;

const noStoreJson = { "Content-Type": "application/json", ...noStore } as const;

/** 200 with a JSON body, never to be cached unless the caller says otherwise. RFC 6749 §5.1. */
export function json(
  status: number,
  value: unknown,
  headers: Record<string, string> = noStore,
): OAuthResponse {
  const all = headers === noStore ? noStoreJson : { "Content-Type": "application/json", ...headers };
  return { status, headers: all, body: JSON.stringify(value) };
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
