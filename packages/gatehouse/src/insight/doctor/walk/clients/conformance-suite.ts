import type { McpClient } from "../client.ts";
import { sdk1 } from "../looks.ts";

const callback = "http://127.0.0.1:41003/callback";

/**
 * @modelcontextprotocol/conformance 0.2.0-alpha.12, observed: requests no scope (field notes §4.2), and never
 * refreshes.
 */
export const client: McpClient = {
  name: "conformance suite",
  headers: { accept: "application/json", "user-agent": "node" },
  looks: sdk1,
  identity: {
    by: "registration",
    metadata: () => ({
      client_name: "conformance",
      redirect_uris: [callback],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    }),
    scope: "resource",
    keeps: true,
  },
  callbacks: [callback, callback],
  asks: { scope: "none", resource: "document" },
  stateLength: 43,
  authenticates: "none",
};
