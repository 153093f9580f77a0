import type { McpClient } from "../client.ts";
import { client as older } from "./codex-older.ts";

/**
 * 0.148 and later as seen elsewhere: a document for each MCP server, named like the path of its redirect URI
 * (gh:speakeasy-api/gram#5516).
 */
export const client: McpClient = {
  ...older,
  superseded: false,
  name: "Codex, by a document for each MCP server",
  identity: {
    by: "document",
    document: {
      client_id: "https://chatgpt.com/oauth/codex/{server}/client.json",
      client_name: "Codex",
      client_uri: "https://chatgpt.com/",
      application_type: "native",
      redirect_uris: ["http://127.0.0.1/callback/{server}", "http://localhost/callback/{server}"],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    },
  },
};
