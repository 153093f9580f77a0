import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { OAuthError } from "../oauth/errors.ts";
import type { OAuthRequest, OAuthResponse } from "../oauth/http.ts";
import type { Page } from "../oauth/page.ts";
import { Parameters } from "../oauth/parameters.ts";
import { mediaType, readBody } from "./body.ts";
import { createAddressReader } from "./client-address.ts";
import { createCookieCodec } from "./cookies.ts";
import { createRateLimits, type RateLimits } from "./rate-limits.ts";
import { refusal } from "./refusal.ts";
import { allowedMethods, type Route } from "./route.ts";
import { commonHeaders, pageHeaders } from "./security-headers.ts";

export interface ListenerOptions {
  readonly routes: readonly Route[];
  /** An https issuer means secure cookies and HSTS. */
  readonly issuer: string;
  readonly renderPage: (page: Page) => string;
  /** Addresses, CIDR blocks, or `loopback`, whose forwarding headers count. */
  readonly trustedProxies?: readonly string[];
  /** False: none. */
  readonly rateLimits?: boolean;
  /** Told of what no endpoint caught: a defect of ours. */
  readonly onFailure: (error: unknown, request: { readonly id: string; readonly path: string }) => void;
}

export interface Listener {
  /** Resolves with the port really taken; rejects with node's own error (`EADDRINUSE`). Port 0: any free one. */
  listen(port: number, host: string): Promise<{ readonly port: number }>;
  /** Stops accepting, lets requests in flight finish for a few seconds, then cuts what is left. */
  close(): Promise<void>;
}

const longestUrl = 16 * 1024;
const longestHeaders = 32 * 1024;
const longestBody = 64 * 1024;
const graceMilliseconds = 5000;

/** The edge: node's requests in, the protocol's answers out. */
export function createListener(options: ListenerOptions): Listener {
  const handle = createHandler(options);
  const server = createServer(
    {
      maxHeaderSize: longestHeaders,
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      keepAliveTimeout: 65_000,
      joinDuplicateHeaders: false,
    },
    (request, response) => void handle(request, response),
  );
  server.on("clientError", answerBrokenRequest);
  return { listen: (port, host) => listen(server, port, host), close: () => close(server) };
}

function createHandler(options: ListenerOptions) {
  const secure = options.issuer.startsWith("https:");
  const routes = new Map(options.routes.map((route) => [route.path, route]));
  const limits: RateLimits | undefined = options.rateLimits === false ? undefined : createRateLimits();
  const addressOf = createAddressReader(options.trustedProxies ?? []);
  const cookies = createCookieCodec(secure);
  const common = commonHeaders(secure);
  // Unique across restarts by its random part, within a run by its count.
  const run = randomBytes(4).toString("hex");
  let count = 0;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const id = `${run}-${(++count).toString(36)}`;
    const url = request.url ?? "/";
    const mark = url.indexOf("?");
    const path = mark === -1 ? url : url.slice(0, mark);
    const route = routes.get(path);
    try {
      const answer = await answerRequest(request, id, path, mark === -1 ? "" : url.slice(mark + 1), route);
      write(response, answer, route, request.method === "HEAD");
    } catch (error) {
      if (request.destroyed && !request.complete) return; // the other side left
      options.onFailure(error, { id, path });
      write(response, refusal(route, request, id, 500), route, false);
    }
  }

  async function answerRequest(
    request: IncomingMessage,
    id: string,
    path: string,
    rawQuery: string,
    route: Route | undefined,
  ): Promise<OAuthResponse> {
    if (path.length + rawQuery.length > longestUrl) return refusal(route, request, id, 414);
    if (hasDoubledHeader(request)) return refusal(route, request, id, 400);
    if (route === undefined) return refusal(route, request, id, 404);
    const { method = "GET" } = request;
    if (method === "OPTIONS" && route.cors === true) return preflight(route);
    const endpoint =
      method === "GET" || (method === "HEAD" && route.head)
        ? route.get
        : method === "POST"
          ? route.post
          : undefined;
    if (endpoint === undefined) return refusal(route, request, id, 405);
    const address = addressOf(request);
    if (limits !== undefined && route.limit !== undefined) {
      const wait = await limits(route.limit, address);
      if (wait > 0) return refusal(route, request, id, 429, { "Retry-After": String(wait) });
    }
    const body = method === "POST" ? await readBody(request, longestBody) : { text: "" };
    if ("refused" in body) return refusal(route, request, id, body.refused);
    const parsed = parse(request, rawQuery, body.text);
    if (parsed === undefined) return refusal(route, request, id, 400);
    const { headers } = request;
    return endpoint({
      id,
      method: method === "HEAD" ? "GET" : method,
      rawQuery,
      ...parsed,
      headers: {
        authorization: headers.authorization,
        origin: headers.origin,
        secFetchSite: headers["sec-fetch-site"] as string | undefined,
        userAgent: headers["user-agent"],
      },
      cookies: cookies.parse(headers.cookie),
      address,
    });
  }

  function write(
    response: ServerResponse,
    answer: OAuthResponse,
    route: Route | undefined,
    headOnly: boolean,
  ): void {
    const text = answer.page === undefined ? (answer.body ?? "") : options.renderPage(answer.page);
    const headers: Record<string, string | number | string[]> = {
      ...common,
      ...(answer.page === undefined ? undefined : pageHeaders(answer.page)),
      ...(route?.cors === true ? crossOrigin : undefined),
      ...answer.headers,
      "Content-Length": Buffer.byteLength(text),
    };
    if (answer.cookies !== undefined && answer.cookies.length > 0) {
      headers["Set-Cookie"] = answer.cookies.map(cookies.serialise);
    }
    // A body that was refused unread would be taken for the next request.
    if (!response.req.complete) headers.Connection = "close";
    response.writeHead(answer.status, headers).end(headOnly ? undefined : text);
  }

  return handle;
}

const crossOrigin = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Expose-Headers": "WWW-Authenticate, Retry-After",
} as const;

/** A15, E18. */
function preflight(route: Route): OAuthResponse {
  return {
    status: 204,
    headers: {
      "Access-Control-Allow-Methods": allowedMethods(route),
      "Access-Control-Allow-Headers": "authorization, content-type, dpop, mcp-protocol-version",
      "Access-Control-Max-Age": "86400",
    },
  };
}

/** Query and body, decoded once; `undefined` when one of them is malformed (S-n5) or holds what no store can keep. */
function parse(
  request: IncomingMessage,
  rawQuery: string,
  text: string,
): Pick<OAuthRequest, "query" | "form" | "json"> | undefined {
  const type = mediaType(request);
  const hasBody =
    request.headers["content-length"] !== undefined || request.headers["transfer-encoding"] !== undefined;
  try {
    return {
      query: Parameters.parse(rawQuery),
      form: type === "application/x-www-form-urlencoded" ? Parameters.parse(text) : undefined,
      json: hasBody && type === "application/json" ? text : undefined,
    };
  } catch (error) {
    if (error instanceof OAuthError) return undefined;
    throw error;
  }
}

/** Node keeps the first `Authorization` or `Host` and drops the others; which one a proxy took cannot be known (S-n1). */
function hasDoubledHeader({ rawHeaders }: IncomingMessage): boolean {
  let authorizations = 0;
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length === 13 && name.toLowerCase() === "authorization") authorizations++;
    else if (name?.length === 4 && name.toLowerCase() === "host") hosts++;
  }
  return authorizations > 1 || hosts > 1;
}

/** What node's parser could not make a request of. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const status =
    error.code === "HPE_HEADER_OVERFLOW"
      ? "431 Request Header Fields Too Large"
      : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? "408 Request Timeout"
        : "400 Bad Request";
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

async function listen(server: Server, port: number, host: string): Promise<{ port: number }> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  return { port: (server.address() as AddressInfo).port };
}

async function close(server: Server): Promise<void> {
  const cut = setTimeout(() => server.closeAllConnections(), graceMilliseconds);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
  clearTimeout(cut);
}
