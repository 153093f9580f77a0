import { Pool } from "undici";
import type { Backend } from "../call.ts";
import type { HttpBackendSettings } from "../protected-server.ts";
import { errorCodes, RefusedCallError } from "../refusal.ts";

/** An MCP server over HTTP, with its pool of connections. */
export function createHttpBackend({ url, timeouts, socketPath, authorities }: HttpBackendSettings): Backend {
  const pool = new Pool(url.origin, {
    pipelining: 1,
    connectTimeout: timeouts.connectMs,
    headersTimeout: timeouts.firstByteMs,
    bodyTimeout: 0,
    connect: {
      ...(socketPath !== undefined && { socketPath }),
      ...(authorities.length > 0 && { ca: [...authorities] }),
    },
  });
  return {
    async send({ request, body, signal }, fields) {
      try {
        const answer = await pool.request({
          method: request.method as "GET" | "POST" | "DELETE",
          path: url.pathname + url.search,
          headers: [...fields],
          body: body ?? null,
          signal,
          responseHeaders: "raw",
        });
        // `raw`: name and value by turns, which the types do not say.
        const raw = answer.headers as unknown as readonly string[];
        return { status: answer.statusCode, fields: raw, body: answer.body };
      } catch (cause) {
        const refused = {
          status: 502,
          code: errorCodes.unreachable,
          message: "The MCP server cannot be reached.",
        };
        throw new RefusedCallError(refused, `${url.host}: ${String(cause)}`, { cause });
      }
    },
    close: () => pool.destroy(),
  };
}
