import type { McpClient } from "../client.ts";
import { rmcp } from "../looks.ts";

/** 0.169.0, observed with `--oauth-client-registration dcr`. */
export const client: McpClient = {
  name: "Codex",
  headers: { accept: "application/json", "user-agent": "codex_cli_rs/0.169.0" },
  looks: rmcp,
  revision: "2024-11-05",
  identity: {
    by: "registration",
    metadata: (callback) => ({
      client_name: "Codex",
      redirect_uris: [callback],
      grant_types: ["authorization_code", "refresh_token"],
      token_endpoint_auth_method: "none",
      response_types: ["code"],
      application_type: "native",
    }),
    scope: "resource and offline_access",
    // Each sign-in registers one more (field notes §4.9).
    keeps: false,
  },
  callbacks: ["http://127.0.0.1:39127/callback", "http://127.0.0.1:40455/callback"],
  asks: { scope: "resource and offline_access", resource: "address" },
  stateLength: 22,
  authenticates: "none",
  // What it requested, not what it was granted (§4.1).
  refresh: { scope: "requested", sendsResource: true, early: 30, together: true },
};
