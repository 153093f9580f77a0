import type { McpClient } from "../client.ts";
import { sdk2 } from "../looks.ts";

/** mcp-remote 0.15.1, observed; a proxy for clients that only start programs. */
export const client: McpClient = {
  name: "mcp-remote",
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
      client_name: "MCP CLI Proxy",
      client_uri: "https://github.com/modelcontextprotocol/mcp-cli",
      software_id: "2e6dc280-f3c3-4e01-99a7-8181dbd1d23d",
      software_version: "0.15.1",
      application_type: "native",
    }),
    scope: "resource and offline_access",
    // Drops it when the port changes.
    keeps: false,
  },
  callbacks: ["http://localhost:19253/oauth/callback", "http://localhost:19254/oauth/callback"],
  asks: { scope: "resource and offline_access", resource: "document", consentToOffline: true },
  stateLength: 36,
  authenticates: "none",
  refresh: { scope: "resource", sendsResource: true, early: 60 },
};
