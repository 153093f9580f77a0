import type { Answer } from "./answer.ts";
import type { AuthInfo } from "./auth-info.ts";
import { readBounded } from "./bounded-text.ts";
import { corsHeaders } from "./cors.ts";
import { createGuard } from "./guard.ts";
import type { ProtectionOptions } from "./options.ts";

/**
 * Puts the guard before a handler of web-standard requests: `fetch(request)` of Hono, Bun, Deno or a worker. The handler is called only for
 * requests with a good token, and told who calls. Metadata and preflights are answered here. Throws a `TypeError` for wrong options.
 */
export function protectFetch(
  options: ProtectionOptions,
  handler: (request: Request, auth: AuthInfo) => Response | Promise<Response>,
): (request: Request) => Promise<Response> {
  const guard = createGuard(options);
  return async (request) => {
    const authorization = request.headers.get("authorization");
    const verdict = await guard.check({
      method: request.method,
      url: request.url,
      authorization: authorization === null ? [] : [authorization],
      ...(isForm(request) && { form: () => readForm(request) }),
    });
    return verdict.ok ? withCors(await handler(request, verdict.auth)) : toResponse(verdict.answer);
  };
}

function toResponse({ status, headers, body }: Answer): Response {
  return new Response(body === "" ? null : body, { status, headers });
}

/** A copy: the headers of a response may be immutable. */
function withCors(response: Response): Response {
  const copy = new Response(response.body, response);
  for (const [name, value] of Object.entries(corsHeaders)) {
    if (!copy.headers.has(name)) copy.headers.set(name, value);
  }
  return copy;
}

const longestForm = 65_536;

function isForm(request: Request): boolean {
  return /^application\/x-www-form-urlencoded\b/i.test(request.headers.get("content-type") ?? "");
}

/** From a copy, so that the handler can still read the body. */
async function readForm(request: Request): Promise<URLSearchParams | undefined> {
  const text = await readBounded(request.clone().body, longestForm);
  return text === undefined ? undefined : new URLSearchParams(text);
}
