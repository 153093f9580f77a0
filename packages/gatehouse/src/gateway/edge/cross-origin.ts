import type { IncomingHttpHeaders } from "node:http";

/** What every answer to a page that may call carries. No cookie is known here, so any page may be named. */
export const crossOriginFields = [
  ["Access-Control-Allow-Origin", "*"],
  ["Access-Control-Expose-Headers", "WWW-Authenticate, Mcp-Session-Id, Retry-After"],
] as const;

const usualFields = ["authorization", "content-type", "accept", "last-event-id"];

/** The answer to a browser that asks first (Fetch): fields of MCP are allowed as it asks for them. */
export function preflightFields(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
  const asked = String(headers["access-control-request-headers"] ?? "")
    .toLowerCase()
    .split(",");
  const ofMcp = asked.map((name) => name.trim()).filter((name) => /^mcp-[a-z0-9-]{1,64}$/.test(name));
  return {
    Allow: "POST, GET, DELETE, OPTIONS",
    "Access-Control-Allow-Methods": "POST, GET, DELETE",
    "Access-Control-Allow-Headers": [...usualFields, ...new Set(ofMcp)].join(", "),
    "Access-Control-Max-Age": "7200",
    Vary: "Access-Control-Request-Headers",
  };
}
