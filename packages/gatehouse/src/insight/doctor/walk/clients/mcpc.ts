import type { McpClient } from "../client.ts";
import { sdk1 } from "../looks.ts";

/** mcpc 0.2.6, observed: no `state` (field notes §4.3), and no `resource` when it refreshes (§4.5). */
export const client: McpClient = {
  name: "mcpc",
  headers: { accept: "application/json", "user-agent": "node" },
  looks: sdk1,
  revision: "2025-11-25",
  identity: {
    by: "registration",
    metadata: (callback) => ({
      client_name: "mcpc",
      redirect_uris: [callback],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    }),
    scope: "resource",
    keeps: false,
  },
  callbacks: ["http://localhost:8000/callback", "http://localhost:8001/callback"],
  asks: { scope: "resource", resource: "document" },
  authenticates: "none",
  // Its refresh has forgotten the resource metadata (field notes §4, *Where clients look*).
  refresh: { sendsResource: false, early: 60, together: true, looksAt: "MCP server" },
};
