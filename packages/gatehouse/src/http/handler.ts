import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { OAuthError } from "../oauth/messages/errors.ts";
import type { Page } from "../oauth/messages/page.ts";
import { Parameters } from "../oauth/messages/parameters.ts";
import type { OAuthRequest } from "../oauth/messages/request.ts";
import type { OAuthResponse } from "../oauth/messages/response.ts";
import { formType, mediaType, readBody } from "./body.ts";
import { createAddressReader } from "./client-address.ts";
import { createCookieCodec } from "./cookies.ts";
import { crossOriginErrorHeaders, crossOriginHeaders, preflight } from "./cross-origin.ts";
import { type Budgets, createRateLimits } from "./rate-limits.ts";
import { errorCodeOf, type Refused, refusal } from "./refusal.ts";
import type { Route } from "./route.ts";
import { commonHeaders, pageHeaders } from "./security-headers.ts";
import { reasonToRefuse } from "./this-computer.ts";

export interface HandlerOptions {
  readonly routes: readonly Route[];
  /** An https issuer means secure cookies and HSTS. */
  readonly issuer: string;
  /**
   * The HTML of a page in the language that the browser's `Accept-Language` asks for, and which one that is.
   */
  readonly renderPage: (
    page: Page,
    acceptLanguage: string | undefined,
  ) => { readonly html: string; readonly language: string };
  /** Addresses, CIDR blocks, or `loopback`, whose forwarding headers count. */
  readonly trustedProxies?: readonly string[];
  /** Told once of a peer whose forwarding header does not count. */
  readonly onIgnoredForwarding?: (peer: string) => void;
  /** False: none. Budgets take the place of the defaults. */
  readonly rateLimits?: boolean | Budgets;
  /** Bytes a body may have. */
  readonly maxBodyBytes?: number;
  /** Told of what no endpoint caught: a defect of ours. */
  readonly onFailure: (error: unknown, request: { readonly id: string; readonly path: string }) => void;
  /** Told of what the edge itself refuses. */
  readonly onRefused?: (entry: RefusalEntry) => void;
  /** Told of every request once it is over. */
  readonly onRequest?: (entry: AccessLogEntry) => void;
}

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

export interface RefusalEntry {
  /** The reference that the page shows. */
  readonly id: string;
  readonly status: number;
  /** The code that a program is told. */
  readonly error: string;
  readonly method: string;
  /** Without the query; as the other side sent it. */
  readonly path: string;
  readonly address: string;
  readonly userAgent: string | undefined;
}

const maxUrlLength = 16 * 1024;

/**
 * The edge between node and the protocol: bounds, limits and parses a request, calls its route's endpoint,
 * and writes the answer. The promise never rejects.
 * @param isClosing true once no connection is to be kept
 */
export function createHandler(
  options: HandlerOptions,
  isClosing: () => boolean,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { rateLimits = true, maxBodyBytes = 64 * 1024, onRequest } = options;
  const secure = options.issuer.startsWith("https:");
  const routes = new Map(options.routes.map((route) => [route.path, route]));
  const limits = rateLimits === false ? undefined : createRateLimits(rateLimits === true ? {} : rateLimits);
  const addressOf = createAddressReader(options.trustedProxies ?? [], options.onIgnoredForwarding);
  const cookies = createCookieCodec(secure);
  const common = commonHeaders(secure);
  const commonCrossOrigin = { ...common, ...crossOriginHeaders };
  const commonCrossOriginError = { ...common, ...crossOriginErrorHeaders };
  // Unique across restarts by its random part, within a run by its count.
  const run = randomBytes(4).toString("hex");
  let count = 0;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const id = `${run}-${(++count).toString(36)}`;
    const url = request.url ?? "/";
    const mark = url.indexOf("?");
    const path = mark === -1 ? url : url.slice(0, mark);
    const route = routes.get(path);
    const address = addressOf(request);
    if (onRequest !== undefined) logWhenOver(onRequest, request, response, { id, path, address });
    try {
      const rawQuery = mark === -1 ? "" : url.slice(mark + 1);
      write(response, await answer(request, { id, address, rawQuery }, route), route);
    } catch (error) {
      if (request.destroyed && !request.complete) return; // the other side left
      options.onFailure(error, { id, path });
      try {
        write(response, refusal(route, request, id, 500), route);
      } catch {
        response.destroy(); // not even the error page can be rendered
      }
    }
  }

  async function answer(
    request: IncomingMessage,
    origin: Pick<OAuthRequest, "id" | "address" | "rawQuery">,
    route: Route | undefined,
  ): Promise<OAuthResponse> {
    const { address, rawQuery } = origin;
    const { method = "GET", headers } = request;
    if ((request.url ?? "").length > maxUrlLength) return refuse(request, origin, route, 414);
    if (isAmbiguous(request)) return refuse(request, origin, route, 400);
    if (route === undefined) return refuse(request, origin, route, 404);
    const elsewhere = route.thisComputerOnly === true ? reasonToRefuse(request) : undefined;
    if (elsewhere !== undefined) return refuse(request, origin, route, 403, {}, elsewhere);
    if (method === "OPTIONS" && route.cors === true) return preflight(route);
    const endpoint = endpointOf(route, method);
    if (endpoint === undefined) return refuse(request, origin, route, 405);
    if (limits !== undefined && route.limit !== undefined) {
      const wait = await limits(route.limit, address);
      if (wait > 0) return refuse(request, origin, route, 429, { "Retry-After": String(wait) });
    }
    const body = method === "POST" || method === "PUT" ? await readBody(request, maxBodyBytes) : { text: "" };
    if ("refused" in body) return refuse(request, origin, route, body.refused);
    const parsed = parse(request, rawQuery, body.text);
    if (parsed === undefined) return refuse(request, origin, route, 400);
    return endpoint({
      ...origin,
      method: method === "HEAD" ? "GET" : method,
      ...parsed,
      headers: {
        authorization: headers.authorization,
        origin: headers.origin,
        secFetchSite: headers["sec-fetch-site"] as string | undefined,
        referer: headers.referer,
        userAgent: headers["user-agent"],
      },
      cookies: cookies.parse(headers.cookie),
    });
  }

  function refuse(
    request: IncomingMessage,
    { id, address }: Pick<OAuthRequest, "id" | "address">,
    route: Route | undefined,
    status: Refused,
    ...details: readonly [headers?: Readonly<Record<string, string>>, explanation?: string]
  ): OAuthResponse {
    const { method = "GET", url = "/", headers } = request;
    const error = errorCodeOf(status);
    const [path = ""] = url.split("?", 1);
    options.onRefused?.({ id, status, error, method, path, address, userAgent: headers["user-agent"] });
    return refusal(route, request, id, status, ...details);
  }

  function write(response: ServerResponse, answer: OAuthResponse, route: Route | undefined): void {
    const { page } = answer;
    const rendered = page && options.renderPage(page, response.req.headers["accept-language"]);
    const text = rendered?.html ?? answer.body ?? "";
    const headers: Record<string, string | number | string[]> = {
      ...(route?.cors !== true ? common : answer.status < 400 ? commonCrossOrigin : commonCrossOriginError),
      ...answer.headers,
    };
    if (page && rendered) Object.assign(headers, pageHeaders(page, rendered.language));
    // RFC 9110 §8.6: a 204 has none.
    if (answer.status !== 204) headers["Content-Length"] = Buffer.byteLength(text);
    if (answer.cookies !== undefined && answer.cookies.length > 0) {
      headers["Set-Cookie"] = answer.cookies.map(cookies.serialise);
    }
    // A body that was refused unread would be taken for the next request.
    if (!response.req.complete || isClosing()) headers.Connection = "close";
    response.writeHead(answer.status, headers).end(response.req.method === "HEAD" ? undefined : text);
  }

  return handle;
}

function endpointOf(route: Route, method: string): Route["get"] {
  switch (method) {
    case "GET":
      return route.get;
    case "HEAD":
      return route.head === true ? route.get : undefined;
    case "POST":
      return route.post;
    case "PUT":
      return route.put;
    case "DELETE":
      return route.delete;
    default:
      return undefined;
  }
}

/**
 * Query and body, decoded once; `undefined` when one of them is malformed (S-n5) or holds what no store can
 * keep.
 */
function parse(
  request: IncomingMessage,
  rawQuery: string,
  text: string,
): Pick<OAuthRequest, "query" | "form" | "json" | "body"> | undefined {
  const type = mediaType(request);
  const hasBody =
    request.headers["content-length"] !== undefined || request.headers["transfer-encoding"] !== undefined;
  try {
    return {
      query: Parameters.parse(rawQuery),
      form: type === formType ? Parameters.parse(text) : undefined,
      json: hasBody && type === "application/json" ? text : undefined,
      body: text,
    };
  } catch (error) {
    if (error instanceof OAuthError) return undefined;
    throw error;
  }
}

/**
 * Node keeps the first `Authorization` or `Host` and drops the others; which one a proxy took cannot be known
 * (S-n1). HTTP/1.1 demands one `Host` (RFC 9112 §3.2).
 */
function isAmbiguous({ rawHeaders, httpVersion }: IncomingMessage): boolean {
  let authorizations = 0;
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length === 13 && name.toLowerCase() === "authorization") authorizations++;
    else if (name?.length === 4 && name.toLowerCase() === "host") hosts++;
  }
  return authorizations > 1 || hosts > 1 || (hosts === 0 && httpVersion === "1.1");
}

function logWhenOver(
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
