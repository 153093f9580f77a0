import type { McpClient } from "../client.ts";
import { client as current } from "./chatgpt.ts";

const callback = "https://chatgpt.com/connector_platform_oauth_redirect";

/**
 * One document for all connectors, which lists `none` as well; this one comes without a signature
 * (gh:django-oauth/django-oauth-toolkit#1857).
 */
export const client: McpClient = {
  ...current,
  name: "ChatGPT, without a signature",
  superseded: true,
  identity: {
    by: "document",
    document: {
      client_id: "https://chatgpt.com/oauth/client.json",
      client_uri: "https://chatgpt.com/",
      redirect_uris: [callback],
      token_endpoint_auth_method: "private_key_jwt",
      token_endpoint_auth_methods_supported: ["none", "private_key_jwt"],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      client_name: "ChatGPT",
      logo_uri: "https://persistent.oaistatic.com/sonic/misc/openai-logo.png",
      token_endpoint_auth_signing_alg: "RS256",
      jwks_uri: "https://chatgpt.com/oauth/jwks.json",
    },
  },
  callbacks: [callback, callback],
  // Whatever the path of the MCP server (field notes 1.19): works for those without one.
  asks: { scope: "resource and offline_access", resource: "origin" },
  authenticates: "none",
};
