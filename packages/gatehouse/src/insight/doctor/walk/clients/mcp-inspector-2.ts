import type { McpClient } from "../client.ts";
import { sdk2 } from "../looks.ts";

/**
 * 2.12.0, observed: what `npx @modelcontextprotocol/inspector` starts today. Its page asks through a server
 * of its own, so nothing here crosses origins; the older one, which asked from the browser, is
 * `mcp-inspector.ts`.
 */
export const client: McpClient = {
  name: "MCP Inspector 2",
  headers: { accept: "application/json", "user-agent": "node" },
  looks: sdk2,
  revision: "2025-11-25",
  identity: {
    by: "registration",
    metadata: (callback) => ({
      redirect_uris: [callback],
      token_endpoint_auth_method: "none",
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      client_name: "MCP Inspector",
      client_uri: "https://github.com/modelcontextprotocol/inspector",
      application_type: "native",
    }),
    scope: "resource and offline_access",
    keeps: true,
  },
  callbacks: ["http://127.0.0.1:6274/oauth/callback", "http://127.0.0.1:6274/oauth/callback"],
  asks: { scope: "resource and offline_access", resource: "document", consentToOffline: true },
  stateLength: 64,
  authenticates: "none",
  // Once the MCP server refused its token; told `invalid_client`, it registers anew by itself.
  refresh: { sendsResource: true, early: 0 },
};
