import type { McpClient } from "../client.ts";
import { client as current } from "./codex.ts";

/**
 * As read from its source before: registers no scope, is answered below a path made of the MCP server's
 * address (gh:openai/codex#30460), names the resource twice, and takes its scopes from the server's metadata.
 */
export const client: McpClient = {
  ...current,
  name: "Codex, with two resources",
  superseded: true,
  identity: {
    by: "registration",
    metadata: (callback) => ({
      client_name: "Codex",
      redirect_uris: [callback],
      grant_types: ["authorization_code", "refresh_token"],
      token_endpoint_auth_method: "none",
      response_types: ["code"],
    }),
    keeps: false,
  },
  callbacks: ["http://127.0.0.1:37819/callback/{server}", "http://127.0.0.1:44120/callback/{server}"],
  // A configured one is appended to the one it found.
  asks: { scope: "server", resource: "address twice" },
};
