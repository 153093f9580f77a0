import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Budgets, describeBudget } from "../oauth/budgets.ts";
import type { OAuthRequest } from "../oauth/messages/request.ts";
import type { OAuthResponse } from "../oauth/messages/response.ts";
import { createReferences } from "../oauth/reference.ts";
import { type AccessLogEntry, logWhenOver } from "./access-log.ts";
import { readBody } from "./body.ts";
import type { RequestTaker } from "./claimed.ts";
import { createAddressReader, createPeerCheck } from "./client-address.ts";
import { createCookieCodec } from "./cookies.ts";
import { preflight } from "./cross-origin.ts";
import { createRateLimits } from "./rate-limits.ts";
import { isAmbiguous, readParameters } from "./read-request.ts";
import { errorCodeOf, type RefusalDetails, type Refused, refusal } from "./refusal.ts";
import { endpointOf, type HiddenRoutes, type Route } from "./route.ts";
import type { SharedCounts } from "./shared-counts.ts";
import { reasonToRefuse } from "./this-computer.ts";
import { parseTraceparent } from "./trace-context.ts";
import type { RequestSpan, RequestTracing } from "./tracing.ts";
import type { AnswerUnknown } from "./unknown-path.ts";
import { createWriter, type WriterOptions } from "./write-answer.ts";
import { createAddressCheck, createHostCheck, type WrongAddress } from "./wrong-address.ts";

export interface HandlerOptions {
  readonly routes: readonly Route[];
  /** An https issuer means secure cookies and HSTS. */
  readonly issuer: string;
  readonly renderPage: WriterOptions["renderPage"];
  /** Addresses, CIDR blocks, or `loopback`, whose forwarding headers count. */
  readonly trustedProxies?: readonly string[];
  /** Told once of a peer whose forwarding header does not count. */
  readonly onIgnoredForwarding?: (peer: string) => void;
  /** Told once that a proxy is asked for the issuer's document at another host than the issuer's. */
  readonly onForeignHost?: (address: WrongAddress) => void;
  /** How often an address may ask; one that is left out is not limited. */
  readonly rateLimits?: Partial<Budgets> | undefined;
  /** Counts that together with other processes. */
  readonly sharedCounts?: SharedCounts | undefined;
  /** Bytes a body may have. */
  readonly maxBodyBytes?: number;
  /** What only some people may see. */
  readonly hidden?: HiddenRoutes | undefined;
  /** Asked before the routes. */
  readonly taker?: RequestTaker | undefined;
  /** Asked about a request at a path that no route has. */
  readonly answerUnknown?: AnswerUnknown | undefined;
  /** Told of what no endpoint caught: a defect of ours. */
  readonly onFailure: (error: unknown, request: { readonly id: string; readonly path: string }) => void;
  /** Told of what the edge itself refuses. */
  readonly onRefused?: (entry: RefusalEntry) => void;
  /** Gives what notes the answers of an endpoint, by its path; undefined: nothing is measured. */
  readonly measure?: ((endpoint: string) => MeasureAnswer) | undefined;
  /** Told the kind of each page that is shown. */
  readonly onPage?: ((kind: string) => void) | undefined;
  /** Tells of requests in spans; undefined: nobody is told. */
  readonly spans?: RequestTracing | undefined;
  /** Told of every request once it is over. */
  readonly onRequest?: (entry: AccessLogEntry) => void;
}

/**
 * Notes an answer: `ok`, the code of an error, or a status, and the seconds from the request's head to it.
 */
export type MeasureAnswer = (outcome: string, seconds: number) => void;

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
  /** The name of the budget that was used up, where that is why. */
  readonly budget?: string | undefined;
  /** What of that the operator should know. */
  readonly note?: string;
  /** That host or path differ from the issuer's, where that is why nothing was found. */
  readonly wrongAddress?: WrongAddress | undefined;
}

const maxUrlLength = 16 * 1024;

/**
 * The edge between node and the protocol: bounds, limits and parses a request, calls its route's endpoint,
 * and writes the answer. The promise never rejects.
 * @param isClosing true once no connection is to be kept
 * @param onTaken told of a request whose answer may take for ever
 */
export function createHandler(
  options: HandlerOptions,
  isClosing: () => boolean,
  onTaken: (request: IncomingMessage) => void = () => {},
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { rateLimits, sharedCounts, maxBodyBytes = 64 * 1024, onRequest } = options;
  const secure = options.issuer.startsWith("https:");
  const routes = new Map(options.routes.map((route) => [route.path, route]));
  const measures =
    options.measure && measureRoutes(options.routes, options.hidden?.paths ?? [], options.measure);
  const limits = rateLimits && createRateLimits(rateLimits, { shared: sharedCounts });
  const addressOf = createAddressReader(options.trustedProxies ?? [], options.onIgnoredForwarding);
  const addressCheck = createAddressCheck(options.issuer, new Set(routes.keys()));
  const isTrusted = createPeerCheck(options.trustedProxies ?? []);
  const noteHost = createHostCheck(options.issuer, options.onForeignHost);
  const cookies = createCookieCodec(secure);
  const write = createWriter({ renderPage: options.renderPage, cookies, secure, isClosing });
  const nextReference = createReferences(randomBytes);

  /** Answers a request as a span. */
  async function handleTraced(
    spans: RequestTracing,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { method, headers } = request;
    const incoming = parseTraceparent(headers.traceparent);
    const span = spans.begin({ method, incoming, isThroughProxy: isTrusted(request) });
    if (span === undefined) return handle(request, response);
    response.once("close", () => span.end(response.headersSent ? response.statusCode : undefined));
    return span.run(() => handle(request, response, span));
  }

  async function handle(
    request: IncomingMessage,
    response: ServerResponse,
    span?: RequestSpan,
  ): Promise<void> {
    const id = nextReference();
    const url = request.url ?? "/";
    const mark = url.indexOf("?");
    const path = mark === -1 ? url : url.slice(0, mark);
    const address = addressOf(request);
    if (onRequest !== undefined) logWhenOver(onRequest, request, response, { id, path, address });
    const take = options.taker?.find(request);
    if (take !== undefined) {
      onTaken(request);
      span?.setOutcome(id, "ok");
      try {
        await take(request, response, { id, address, isThroughProxy: isTrusted(request) });
      } catch (error) {
        options.onFailure(error, { id, path });
        response.destroy();
      }
      return;
    }
    let route = routes.get(path);
    if (route !== undefined) span?.setRoute(route.path);
    const begun = measures === undefined ? 0 : performance.now();
    const origin = { id, address, rawQuery: mark === -1 ? "" : url.slice(mark + 1) };
    try {
      route ??= await hiddenRoute(request, origin, path);
      const answered = await answer(request, origin, route);
      span?.setOutcome(origin.id, outcomeOf(answered));
      write(response, origin.id, answered, route);
      if (answered.page !== undefined) options.onPage?.(answered.page.kind);
      measures?.(route)(outcomeOf(answered), (performance.now() - begun) / 1000);
    } catch (error) {
      if (request.destroyed && !request.complete) return; // the other side left
      span?.setOutcome(id, "server_error");
      options.onFailure(error, { id, path });
      measures?.(route)("server_error", (performance.now() - begun) / 1000);
      try {
        write(response, id, refusal(route, request, id, 500), route);
      } catch {
        response.destroy(); // not even the error page can be rendered
      }
    }
  }

  /** Unless too much is asked for: then there is nothing, as for everybody else. */
  async function hiddenRoute(
    request: IncomingMessage,
    { id, address }: Pick<OAuthRequest, "id" | "address">,
    path: string,
  ): Promise<Route | undefined> {
    const { hidden } = options;
    if (hidden === undefined || isAmbiguous(request)) return undefined;
    const sent = cookies.parse(request.headers.cookie);
    if (!hidden.concerns(sent) || ((await limits?.("authorize", address)) ?? 0) > 0) return undefined;
    const thisComputer = reasonToRefuse(request) === undefined;
    return (await hidden.admit({ id, address, cookies: sent, thisComputer }))?.(path);
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
    if (route === undefined) {
      return (await beyondRoutes(request, origin)) ?? refuseUnknown(request, origin);
    }
    const elsewhere = route.thisComputerOnly === true ? reasonToRefuse(request) : undefined;
    if (elsewhere !== undefined) return refuse(request, origin, route, 403, { detail: elsewhere });
    if (method === "OPTIONS" && route.cors === true) return preflight(route);
    if (route.namesIssuer === true && isTrusted(request)) noteHost(request);
    const endpoint = endpointOf(route, method);
    if (endpoint === undefined) return refuse(request, origin, route, 405);
    if (limits !== undefined && route.limit !== undefined) {
      const wait = await limits(route.limit, address);
      if (wait > 0) return refuseForNow(request, origin, route, wait);
    }
    const body = method === "POST" || method === "PUT" ? await readBody(request, maxBodyBytes) : { text: "" };
    if ("refused" in body) return refuse(request, origin, route, body.refused);
    const parsed = readParameters(request, rawQuery, body.text);
    if (parsed === undefined) return refuse(request, origin, route, 400);
    const { query, form, json } = parsed;
    const asked: OAuthRequest = {
      id: origin.id,
      address,
      rawQuery,
      method: method === "HEAD" ? "GET" : method,
      query,
      form,
      json,
      body: body.text,
      headers: {
        authorization: headers.authorization,
        origin: headers.origin,
        secFetchSite: headers["sec-fetch-site"] as string | undefined,
        referer: headers.referer,
        userAgent: headers["user-agent"],
      },
      cookies: cookies.parse(headers.cookie),
      ...(route.tellsThisComputer === true && { thisComputer: reasonToRefuse(request) === undefined }),
    };
    const answered = await endpoint(asked);
    origin.id = asked.id; // it may have joined an attempt
    return answered;
  }

  /** A page that waits asks again by itself, which a form cannot. */
  function refuseForNow(
    request: IncomingMessage,
    origin: Pick<OAuthRequest, "id" | "address">,
    route: Route,
    wait: number,
  ): OAuthResponse {
    const goesOn = route.audience === "person" && request.method === "GET";
    const headers = { "Retry-After": String(wait), ...(goesOn && { Refresh: String(wait) }) };
    const reason = { key: "tooManyAttempts", seconds: goesOn ? wait : undefined } as const;
    const budget = route.limit && rateLimits?.[route.limit];
    const ignored =
      request.headers["x-forwarded-for"] !== undefined && !isTrusted(request)
        ? "; its X-Forwarded-For is ignored: TRUSTED_PROXIES does not name it"
        : "";
    const note = `${budget && describeBudget(budget)} from one address are taken, the next in ${wait} s${ignored}`;
    return refuse(request, origin, route, 429, { headers, reason }, { budget: route.limit, note });
  }

  function refuseUnknown(
    request: IncomingMessage,
    origin: Pick<OAuthRequest, "id" | "address">,
  ): OAuthResponse {
    const [path = ""] = (request.url ?? "/").split("?", 1);
    const wrongAddress = addressCheck(request, path, isTrusted(request));
    const reason = wrongAddress && ({ key: "wrongAddress", ...wrongAddress } as const);
    return refuse(request, origin, undefined, 404, { reason }, { wrongAddress });
  }

  /** `undefined` for what is at no path of ours: nearly everything. */
  async function beyondRoutes(
    { method = "GET", url = "/", headers, socket }: IncomingMessage,
    { address, rawQuery }: Pick<OAuthRequest, "address" | "rawQuery">,
  ): Promise<OAuthResponse | undefined> {
    const [path = ""] = url.split("?", 1);
    const peer = socket.remoteAddress ?? "unknown";
    const parsed = cookies.parse(headers.cookie);
    return options.answerUnknown?.({ method, path, rawQuery, headers, address, peer, cookies: parsed });
  }

  function refuse(
    request: IncomingMessage,
    { id, address }: Pick<OAuthRequest, "id" | "address">,
    route: Route | undefined,
    status: Refused,
    details: RefusalDetails = {},
    about: Pick<RefusalEntry, "budget" | "note" | "wrongAddress"> = {},
  ): OAuthResponse {
    const { method = "GET", url = "/", headers } = request;
    const error = errorCodeOf(status);
    const [path = ""] = url.split("?", 1);
    const entry = { id, status, error, method, path, address, userAgent: headers["user-agent"] };
    options.onRefused?.({ ...entry, ...about });
    return refusal(route, request, id, status, details);
  }

  const { spans } = options;
  return spans === undefined
    ? (request, response) => handle(request, response)
    : (request, response) => handleTraced(spans, request, response);
}

const outcomeOf = ({ error, status }: OAuthResponse) => error ?? (status < 400 ? "ok" : String(status));

/**
 * What notes the answers of a route: of what is at no route, of the console's pages, and of one kind of path
 * for several providers together, so that there are not more labels than kinds of endpoints (Z27).
 */
function measureRoutes(
  routes: readonly Route[],
  hidden: readonly string[],
  measure: NonNullable<HandlerOptions["measure"]>,
): (route: Route | undefined) => MeasureAnswer {
  const byPath = new Map(routes.map(({ path }) => [path, measure(labelOf(path))]));
  if (hidden.length > 0) {
    const console = measure("console");
    for (const path of hidden) byPath.set(path, console);
  }
  const other = measure("other");
  return (route) => (route && byPath.get(route.path)) ?? other;
}

/** The names of files change with what is in them, those of providers with the configuration. */
function labelOf(path: string): string {
  if (/\/assets\/[^/]+$/.test(path)) return "asset";
  return path.replace(/(\/(?:callback|backchannel-logout))\/[^/]+$/, "$1");
}
