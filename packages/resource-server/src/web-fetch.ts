import type { AuthInfo } from "./auth-info.ts";
import { addCorsHeaders } from "./cors.ts";
import { createGuard } from "./guard.ts";
import { type ProtectionOptions, readNeeded } from "./options.ts";
import { guardRequestOf, toResponse } from "./web-request.ts";

/**
 * For one operation: the 403 to return when these scopes are not granted as well, `undefined` when they are.
 */
export type DemandScopes = (...needed: readonly string[]) => Response | undefined;

/**
 * Puts the guard before a handler of web-standard requests: `fetch(request)` of Bun, Deno, a worker or an
 * SDK's transport. The handler is called only for requests with a good token, and told who calls. Metadata
 * and preflights are answered here.
 *
 * @param options of the resource; only `issuer`, `resource` and `credential` are needed
 * @param handler gets the request, who calls, and a function that demands scopes for one operation
 * @returns the protected handler
 * @throws TypeError for wrong options, and for options there are none of
 *
 * @example
 * ```ts
 * import { protectFetch } from "@mcp-gatehouse/resource-server";
 *
 * const handle = protectFetch(
 *   {
 *     issuer: "https://login.example.com",
 *     resource: "https://notes.example.com/mcp",
 *     credential: process.env.GATEHOUSE_CREDENTIAL ?? "from-the-environment",
 *   },
 *   (_request, auth, scopes) => scopes("notes:write") ?? new Response(`Hello ${auth.extra.username}`),
 * );
 * export default { fetch: handle };
 * ```
 */
export function protectFetch(
  options: ProtectionOptions,
  handler: (request: Request, auth: AuthInfo, scopes: DemandScopes) => Response | Promise<Response>,
): (request: Request) => Promise<Response> {
  const guard = createGuard(options);
  if (typeof handler !== "function")
    throw new TypeError("protectFetch(): its second argument is the handler");
  return async (request) => {
    const verdict = await guard.check(guardRequestOf(request));
    if (!verdict.ok) return toResponse(verdict.answer);
    const { auth } = verdict;
    const scopes: DemandScopes = (...needed) => {
      const answer = guard.demand(auth, readNeeded(needed));
      return answer === undefined ? undefined : toResponse(answer);
    };
    return withCors(await handler(request, auth, scopes));
  };
}

/** A copy: the headers of a response may be immutable. */
function withCors(response: Response): Response {
  const copy = new Response(response.body, response);
  addCorsHeaders(
    (name) => copy.headers.has(name),
    (name, value) => copy.headers.set(name, value),
  );
  return copy;
}
