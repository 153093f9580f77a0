import type { IncomingMessage, ServerResponse } from "node:http";
import type { Answer } from "./answer.ts";
import type { AuthInfo } from "./auth-info.ts";
import { addCorsHeaders } from "./cors.ts";
import { isForm } from "./form.ts";
import { createGuard } from "./guard.ts";
import { authorizationOf, readFormBody } from "./node-request.ts";
import { type ProtectionOptions, readNeeded } from "./options.ts";

/**
 * Express's request and `node:http`'s alike. `auth` is set by us; left open here, as others declare it their
 * way.
 */
type Request = IncomingMessage & { originalUrl?: string; body?: unknown; auth?: unknown };
type Middleware = (
  request: Request,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => Promise<void>;

/** Middleware that lets only requests with a good token pass. */
export interface ProtectMiddleware extends Middleware {
  /** Middleware for one operation, after the first: 403 unless these scopes are granted as well. */
  scopes(...needed: readonly string[]): Middleware;
}

/**
 * Protects everything that comes after it, in Express (`app.use(protect({ … }))`, at the root of the
 * application) and on bare `node:http`. It also serves this server's metadata (RFC 9728) and answers CORS
 * preflights. What passes has `request.auth`. Put it before body parsers, so that nobody without a token has
 * a body parsed.
 *
 * A form body is read here when the header brought a token, to see whether a second one hides in it (U07);
 * `request.body` then holds the form.
 *
 * @param options of the resource; only `issuer`, `resource` and `credential` are needed
 * @returns middleware, with `scopes(…)` for operations that need more
 * @throws TypeError for wrong options, and for options there are none of
 *
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { protect } from "@mcp-gatehouse/resource-server";
 *
 * const gate = protect({
 *   issuer: "https://login.example.com",
 *   resource: "https://notes.example.com/mcp",
 *   credential: process.env.GATEHOUSE_CREDENTIAL ?? "from-the-environment",
 *   requiredScopes: ["notes:read"],
 * });
 * export const server = createServer((request, response) =>
 *   gate(request, response, () => response.end("only with a good token")),
 * );
 * ```
 */
export function protect(options: ProtectionOptions): ProtectMiddleware {
  const guard = createGuard(options);
  const passed = new WeakMap<Request, AuthInfo>();

  const middleware: Middleware = async (request, response, next) => {
    const verdict = await guard.check({
      method: request.method ?? "",
      url: request.originalUrl ?? request.url ?? "",
      authorization: authorizationOf(request),
      ...(isForm(request.headers["content-type"]) && { form: () => readForm(request) }),
    });
    if (!verdict.ok) return send(response, verdict.answer);
    passed.set(request, verdict.auth);
    request.auth = verdict.auth;
    addCorsHeaders(
      (name) => response.hasHeader(name),
      (name, value) => response.setHeader(name, value),
    );
    next();
  };

  const scopes = (...needed: readonly string[]): Middleware => {
    readNeeded(needed);
    return async (request, response, next) => {
      const answer = guard.demand(passed.get(request), needed);
      if (answer !== undefined) return send(response, answer);
      next();
    };
  };
  return Object.assign(middleware, { scopes });
}

function send(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, headers).end(body);
}

async function readForm(request: Request): Promise<URLSearchParams | undefined> {
  if (typeof request.body === "object" && request.body !== null) {
    return new URLSearchParams(Object.keys(request.body).map((name) => [name, ""]));
  }
  const body = await readFormBody(request);
  if (body === undefined) return undefined;
  const form = new URLSearchParams(body.toString("utf8"));
  // As a body parser would leave it; `_body` is how Express's parsers know that another one was first.
  Object.assign(request, { body: Object.fromEntries(form), _body: true });
  return form;
}
