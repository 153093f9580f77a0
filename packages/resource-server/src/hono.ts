import type { AuthInfo } from "./auth-info.ts";
import { addCorsHeaders } from "./cors.ts";
import { createGuard } from "./guard.ts";
import { type ProtectionOptions, readNeeded } from "./options.ts";
import { guardRequestOf, toResponse } from "./web-request.ts";

/** What is used of Hono's `Context`; described here, so that Hono need not be installed. */
interface Context {
  readonly req: { readonly raw: Request };
  readonly res: Response;
  set(key: "auth", value: AuthInfo): void;
  header(name: string, value: string): void;
}
type Middleware = (context: Context, next: () => Promise<void>) => Promise<Response | undefined>;

/** Middleware that lets only requests with a good token pass. */
export interface ProtectHonoMiddleware extends Middleware {
  /** Middleware for one operation, after the first: 403 unless these scopes are granted as well. */
  scopes(...needed: readonly string[]): Middleware;
}

/** For `new Hono<ProtectedEnv>()`: then `c.get("auth")` has its type. */
export interface ProtectedEnv {
  Variables: { auth: AuthInfo };
}

/**
 * Protects every route that is registered after `app.use(protectHono({ … }))`. It also serves this server's
 * metadata (RFC 9728) and answers CORS preflights, so use it at the root of the application. What passes has
 * `c.get("auth")`.
 *
 * @param options of the resource; only `issuer`, `resource` and `credential` are needed
 * @returns middleware, with `scopes(…)` for operations that need more
 * @throws TypeError for wrong options, and for options there are none of
 *
 * @example
 * ```ts
 * import { type ProtectedEnv, protectHono } from "@mcp-gatehouse/resource-server";
 * import { Hono } from "hono";
 *
 * const gate = protectHono({
 *   issuer: "https://login.example.com",
 *   resource: "https://notes.example.com/mcp",
 *   credential: process.env.GATEHOUSE_CREDENTIAL ?? "from-the-environment",
 * });
 * export const app = new Hono<ProtectedEnv>();
 * app.use(gate);
 * app.get("/me", (c) => c.text(`Hello ${c.get("auth").extra.username}`));
 * app.post("/notes", gate.scopes("notes:write"), (c) => c.text("written"));
 * ```
 */
export function protectHono(options: ProtectionOptions): ProtectHonoMiddleware {
  const guard = createGuard(options);
  const passed = new WeakMap<Context, AuthInfo>();

  const middleware: Middleware = async (context, next) => {
    const verdict = await guard.check(guardRequestOf(context.req.raw));
    if (!verdict.ok) return toResponse(verdict.answer);
    passed.set(context, verdict.auth);
    context.set("auth", verdict.auth);
    await next();
    addCorsHeaders(
      (name) => context.res.headers.has(name),
      (name, value) => context.header(name, value),
    );
    return undefined;
  };

  const scopes = (...needed: readonly string[]): Middleware => {
    readNeeded(needed);
    return async (context, next) => {
      const answer = guard.demand(passed.get(context), needed);
      if (answer !== undefined) return toResponse(answer);
      await next();
      return undefined;
    };
  };
  return Object.assign(middleware, { scopes });
}
