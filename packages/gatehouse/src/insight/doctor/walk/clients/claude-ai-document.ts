import type { McpClient } from "../client.ts";
import { client as registering } from "./claude-ai.ts";

/**
 * claude.ai and Claude Desktop, by their document, which lists a grant type that no MCP server knows (field
 * notes 1.12).
 */
export const client: McpClient = {
  ...registering,
  name: "claude.ai, by its document",
  identity: {
    by: "document",
    document: {
      client_id: "https://claude.ai/oauth/mcp-oauth-client-metadata",
      client_name: "Claude",
      client_uri: "https://claude.ai",
      redirect_uris: ["https://claude.ai/api/mcp/auth_callback", "https://claude.com/api/mcp/auth_callback"],
      grant_types: ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:jwt-bearer"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    },
  },
  callbacks: ["https://claude.ai/api/mcp/auth_callback", "https://claude.com/api/mcp/auth_callback"],
  authenticates: "none",
};
