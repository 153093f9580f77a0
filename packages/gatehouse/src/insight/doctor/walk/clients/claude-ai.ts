import type { McpClient } from "../client.ts";
import { hosted } from "../looks.ts";

const callback = "https://claude.ai/api/mcp/auth_callback";

/**
 * claude.ai and Claude Desktop, by registration: anew at each connection (field notes 1.11), with a secret
 * sent in the form.
 */
export const client: McpClient = {
  name: "claude.ai",
  headers: { accept: "application/json", "user-agent": "python-httpx/0.28.1" },
  // Field notes 1.22: where it finds nothing it makes up the endpoints at the origin.
  looks: hosted,
  identity: {
    by: "registration",
    metadata: () => ({
      client_name: "Claude",
      redirect_uris: [callback],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "client_secret_post",
    }),
    scope: "resource and offline_access, else server",
    keeps: false,
  },
  callbacks: [callback, callback],
  asks: { scope: "resource and offline_access, else server", resource: "document" },
  stateLength: 43,
  authenticates: "client_secret_post",
  refresh: { sendsResource: true, early: 300, together: true },
};
