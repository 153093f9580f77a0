import type { McpClient } from "../client.ts";
import { sdk1 } from "../looks.ts";

const callback = "http://127.0.0.1:19876/mcp/oauth/callback";

/**
 * No `application_type` beside a loopback redirect URI (field notes 1.15, gh:buildinternet/uploads#885), and
 * no scope.
 */
export const client: McpClient = {
  name: "OpenCode",
  headers: { accept: "application/json", "user-agent": "Bun/1.4.0" },
  looks: sdk1,
  revision: "2025-11-25",
  identity: {
    by: "registration",
    metadata: () => ({
      redirect_uris: [callback],
      client_name: "OpenCode",
      client_uri: "https://opencode.ai",
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    }),
    keeps: true,
  },
  callbacks: [callback, callback],
  asks: { scope: "none", resource: "document" },
  stateLength: 64,
  authenticates: "none",
  refresh: { sendsResource: true, early: 0 },
};
