import type { McpClient } from "../client.ts";
import { sdk1 } from "../looks.ts";

/**
 * No scope (gh:dozigden/boardoil#11), and another port than the one it registered
 * (gh:github/copilot-cli#1951).
 */
export const client: McpClient = {
  name: "Copilot CLI",
  headers: { accept: "application/json", "user-agent": "node" },
  looks: sdk1,
  identity: {
    by: "registration",
    metadata: (callback) => ({
      redirect_uris: [callback],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
      application_type: "native",
      client_name: "GitHub Copilot CLI",
    }),
    keeps: true,
  },
  callbacks: ["http://127.0.0.1:56679/", "http://127.0.0.1:58022/"],
  asks: { scope: "none", resource: "document" },
  stateLength: 43,
  authenticates: "none",
  refresh: { sendsResource: true, early: 0 },
};
