import type { McpClient } from "../client.ts";
import { sdk2 } from "../looks.ts";

/**
 * @modelcontextprotocol/client 2.4.0, observed: asks for `offline_access` because it is advertised, and then
 * for consent too.
 */
export const client: McpClient = {
  name: "TypeScript SDK v2",
  headers: { accept: "application/json", "user-agent": "node" },
  looks: sdk2,
  revision: "2026-07-28",
  identity: {
    by: "registration",
    metadata: (callback) => ({
      client_name: "sdk-v2",
      redirect_uris: [callback],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
      grant_types: ["authorization_code", "refresh_token"],
      application_type: "native",
    }),
    scope: "resource and offline_access",
    keeps: true,
  },
  callbacks: ["http://127.0.0.1:41002/callback", "http://127.0.0.1:41002/callback"],
  asks: { scope: "resource and offline_access", resource: "document", consentToOffline: true },
  stateLength: 22,
  authenticates: "none",
  refresh: { sendsResource: true, early: 0 },
};
