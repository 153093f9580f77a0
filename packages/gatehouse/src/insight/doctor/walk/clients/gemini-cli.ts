import type { McpClient } from "../client.ts";
import { gemini } from "../looks.ts";

/**
 * Read from `packages/core/src/mcp/oauth-provider.ts`: names the MCP server as `resource` and, where
 * configured, as `audience`.
 */
export const client: McpClient = {
  name: "Gemini CLI",
  headers: { accept: "application/json, application/x-www-form-urlencoded", "user-agent": "node" },
  looks: gemini,
  identity: {
    by: "registration",
    metadata: () => ({
      client_name: "Gemini CLI MCP Client",
      redirect_uris: ["http://localhost:7777/oauth/callback"],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    }),
    scope: "empty",
    keeps: true,
  },
  callbacks: ["http://localhost:7777/oauth/callback", "http://localhost:7777/oauth/callback"],
  asks: { scope: "none", resource: "address", audience: true },
  stateLength: 22,
  authenticates: "none",
  refresh: { sendsResource: true, early: 300 },
};
