import type { Answer } from "./answer.ts";

/**
 * For MCP clients in a browser. Any origin may call: authority lies in the token, which a script must already
 * hold, never in a cookie. `WWW-Authenticate` is exposed because the client learns from it where to sign in.
 */
export const corsHeaders = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Expose-Headers": "WWW-Authenticate, Mcp-Session-Id",
} as const;

/** Every `OPTIONS` request: a preflight carries no token, so it is answered before one is asked for. */
export const preflightAnswer: Answer = {
  status: 204,
  headers: {
    ...corsHeaders,
    "Access-Control-Allow-Methods": "GET, POST, DELETE, OPTIONS",
    // `*` never covers Authorization. It is there for headers a tool may define (`Mcp-Param-…`), which nobody
    // can list.
    "Access-Control-Allow-Headers":
      "Authorization, Content-Type, Mcp-Protocol-Version, Mcp-Session-Id, Last-Event-ID, *",
    "Access-Control-Max-Age": "7200",
  },
  body: "",
};

/**
 * Gives the protected server's own answer these headers, except those that somebody, e.g. `cors()`, has set
 * already.
 */
export function addCorsHeaders(
  has: (name: string) => boolean,
  set: (name: string, value: string) => unknown,
): void {
  for (const [name, value] of Object.entries(corsHeaders)) if (!has(name)) set(name, value);
}
