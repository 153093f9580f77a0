import type { McpClient } from "../client.ts";
import { sdk1 } from "../looks.ts";

/** 2.1.197, observed where no metadata documents are advertised. */
export const client: McpClient = {
  name: "Claude Code",
  // Field notes §4.10: another one for each kind of request.
  headers: { accept: "application/json", "user-agent": "Bun/1.4.0" },
  looks: sdk1,
  revision: "2025-11-25",
  identity: {
    by: "registration",
    metadata: (callback) => ({
      client_name: "Claude Code (notes)",
      redirect_uris: [callback],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    }),
    scope: "resource",
    // Anew when the port changes (§4.6).
    keeps: false,
  },
  callbacks: ["http://localhost:3118/callback", "http://localhost:51763/callback"],
  // More than it registered (§4.4).
  asks: { scope: "resource and offline_access", resource: "document" },
  stateLength: 43,
  authenticates: "none",
  refresh: { sendsResource: true, early: 300, together: true },
  revocation: { tokens: ["refresh_token", "access_token"], headers: { "user-agent": "axios/1.13.2" } },
};
