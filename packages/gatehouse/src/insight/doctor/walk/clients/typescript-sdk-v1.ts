import type { McpClient } from "../client.ts";
import { sdk1 } from "../looks.ts";

/** @modelcontextprotocol/sdk 1.32.2, observed. */
export const client: McpClient = {
  name: "TypeScript SDK v1",
  headers: { accept: "application/json", "user-agent": "node" },
  looks: sdk1,
  revision: "2025-11-25",
  identity: {
    by: "registration",
    metadata: (callback) => ({
      client_name: "sdk-v1",
      redirect_uris: [callback],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    }),
    scope: "resource",
    keeps: true,
  },
  callbacks: ["http://127.0.0.1:41001/callback", "http://127.0.0.1:41001/callback"],
  asks: { scope: "resource", resource: "document" },
  stateLength: 22,
  authenticates: "none",
  refresh: { sendsResource: true, early: 0 },
};
