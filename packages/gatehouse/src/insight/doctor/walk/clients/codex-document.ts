import type { McpClient } from "../client.ts";
import { client as registering } from "./codex.ts";

/** 0.169.0, observed where metadata documents and `none` are advertised. */
export const client: McpClient = {
  ...registering,
  name: "Codex, by its document",
  identity: {
    by: "document",
    document: {
      client_id: "https://chatgpt.com/oauth/codex/client.json",
      client_name: "Codex",
      client_uri: "https://chatgpt.com/",
      application_type: "native",
      redirect_uris: ["http://127.0.0.1/callback", "http://localhost/callback"],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    },
  },
};
