import type { McpClient } from "../client.ts";
import { client as registering } from "./opencode.ts";

/**
 * By its document (gh:anomalyco/opencode#47737). A release that wants to be answered at a path which is not
 * in there is refused everywhere (#50510).
 */
export const client: McpClient = {
  ...registering,
  name: "OpenCode, by its document",
  identity: {
    by: "document",
    document: {
      client_id: "https://opencode.ai/oauth/opencode/client.json",
      client_name: "opencode",
      client_uri: "https://opencode.ai",
      logo_uri: "https://opencode.ai/web-app-manifest-512x512.png",
      application_type: "native",
      redirect_uris: ["http://127.0.0.1/callback", "http://localhost/callback"],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
      token_endpoint_auth_methods_supported: ["none"],
    },
  },
  callbacks: ["http://127.0.0.1:19876/callback", "http://127.0.0.1:51900/callback"],
};
