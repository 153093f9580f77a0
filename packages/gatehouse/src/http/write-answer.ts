import type { OutgoingHttpHeader, ServerResponse } from "node:http";
import type { Page } from "../oauth/messages/page.ts";
import type { OAuthResponse } from "../oauth/messages/response.ts";
import type { CookieCodec } from "./cookies.ts";
import { crossOriginErrorHeaders, crossOriginHeaders } from "./cross-origin.ts";
import type { Route } from "./route.ts";
import { commonHeaders, pageHeaders } from "./security-headers.ts";

export interface WriterOptions {
  /** The HTML of a page in the language that `Accept-Language` asks for, and which one that is. */
  readonly renderPage: (
    page: Page,
    acceptLanguage: string | undefined,
  ) => { readonly html: string; readonly language: string };
  readonly cookies: Pick<CookieCodec, "serialise">;
  /** True where the issuer is https. */
  readonly secure: boolean;
  /** True once no connection is to be kept. */
  readonly isClosing: () => boolean;
}

/** Names and values in turns: of an object node makes a head for twice the time. No name stands twice. */
type HeaderList = OutgoingHttpHeader[];

/** Writes what an endpoint answered: the page rendered, security headers, CORS, cookies. */
export function createWriter({ renderPage, cookies, secure, isClosing }: WriterOptions) {
  const common = listOf(commonHeaders(secure));
  const commonCrossOrigin = [...common, ...listOf(crossOriginHeaders)];
  const commonCrossOriginError = [...common, ...listOf(crossOriginErrorHeaders)];

  /** @param reference of the request, which the other side can name when it complains (Z02) */
  return function write(
    response: ServerResponse,
    reference: string,
    answer: OAuthResponse,
    route: Route | undefined,
  ): void {
    const { page } = answer;
    const rendered = page && renderPage(page, response.req.headers["accept-language"]);
    const content = rendered?.html ?? answer.bytes ?? answer.body ?? "";
    const length = Buffer.byteLength(content);
    const headers: HeaderList = [
      ...(route?.cors !== true ? common : answer.status < 400 ? commonCrossOrigin : commonCrossOriginError),
      "X-Request-Id",
      reference,
    ];
    if (answer.headers !== undefined) addTo(headers, answer.headers);
    if (page && rendered) addTo(headers, pageHeaders(page, rendered.language));
    // RFC 9110 §8.6: a 204 has none.
    if (answer.status !== 204) headers.push("Content-Length", length);
    if (answer.cookies !== undefined && answer.cookies.length > 0) {
      headers.push("Set-Cookie", answer.cookies.map(cookies.serialise));
    }
    // A body that was refused unread would be taken for the next request.
    if (!response.req.complete || isClosing()) headers.push("Connection", "close");
    response.writeHead(answer.status, headers);
    if (response.req.method === "HEAD") response.end();
    // Of ASCII alone both encodings are the same bytes, and this one is faster.
    else response.end(content, length === content.length ? "latin1" : "utf8");
  };
}

function addTo(list: HeaderList, headers: Readonly<Record<string, string>>): void {
  for (const name in headers) list.push(name, headers[name] as string);
}

const listOf = (headers: Readonly<Record<string, string>>): HeaderList => Object.entries(headers).flat();
