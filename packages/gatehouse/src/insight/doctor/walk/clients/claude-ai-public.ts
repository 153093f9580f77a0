import type { McpClient } from "../client.ts";
import { client as confidential } from "./claude-ai.ts";

/** Byte-identical public registrations, one at each connection (field notes 1.11). */
export const client: McpClient = {
  ...confidential,
  name: "claude.ai, without a secret",
  identity: {
    by: "registration",
    metadata: (callback) => ({
      client_name: "Claude",
      redirect_uris: [callback],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    }),
    scope: "resource and offline_access, else server",
    keeps: false,
  },
  authenticates: "none",
};
