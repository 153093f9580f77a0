import type { McpClient } from "../client.ts";
import { client as registering } from "./claude-code.ts";

/**
 * 2.1.197, observed where metadata documents are advertised. No document can list its port (field notes §4.6,
 * gh:anthropics/claude-code#37767).
 */
export const client: McpClient = {
  ...registering,
  name: "Claude Code, by its document",
  identity: {
    by: "document",
    document: {
      client_id: "https://claude.ai/oauth/claude-code-client-metadata",
      client_name: "Claude Code",
      client_uri: "https://claude.ai",
      redirect_uris: ["http://localhost/callback", "http://127.0.0.1/callback"],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    },
  },
};
