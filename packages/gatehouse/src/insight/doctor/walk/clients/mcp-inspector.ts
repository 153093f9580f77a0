import type { McpClient } from "../client.ts";
import { sdk1 } from "../looks.ts";

/** A web page: everything it asks for goes through CORS (field notes 1.21). */
export const client: McpClient = {
  name: "MCP Inspector",
  headers: { origin: "http://localhost:6274", accept: "application/json", "user-agent": "Mozilla/5.0" },
  looks: sdk1,
  revision: "2025-11-25",
  identity: {
    by: "registration",
    metadata: () => ({
      redirect_uris: ["http://localhost:6274/oauth/callback", "http://localhost:6274/oauth/callback/debug"],
      token_endpoint_auth_method: "none",
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      client_name: "MCP Inspector",
      client_uri: "https://github.com/modelcontextprotocol/inspector",
    }),
    scope: "empty",
    keeps: true,
  },
  callbacks: ["http://localhost:6274/oauth/callback", "http://localhost:6274/oauth/callback/debug"],
  asks: { scope: "resource", resource: "document" },
  stateLength: 64,
  authenticates: "none",
  refresh: { sendsResource: true, early: 0 },
};
