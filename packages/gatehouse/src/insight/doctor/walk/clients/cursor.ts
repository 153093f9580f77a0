import type { McpClient } from "../client.ts";
import { sdk1 } from "../looks.ts";

/**
 * Registers every place it could be answered at, and calls itself a web client all the same
 * (gh:better-auth/better-auth#10946).
 */
export const client: McpClient = {
  name: "Cursor",
  headers: { accept: "application/json", "user-agent": "node" },
  looks: sdk1,
  revision: "2025-11-25",
  identity: {
    by: "registration",
    // One of them refused is none accepted (field notes 1.16).
    metadata: () => ({
      client_name: "Cursor",
      redirect_uris: [
        "cursor://anysphere.cursor-mcp/oauth/callback",
        "https://www.cursor.com/agents/mcp/oauth/callback",
        "http://localhost:8787/callback",
      ],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
      application_type: "web",
    }),
    keeps: true,
  },
  callbacks: ["cursor://anysphere.cursor-mcp/oauth/callback", "http://localhost:8787/callback"],
  asks: { scope: "none", resource: "document" },
  stateLength: 43,
  authenticates: "none",
  refresh: { sendsResource: true, early: 0 },
};
