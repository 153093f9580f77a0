import type { McpClient } from "../client.ts";
import { hosted } from "../looks.ts";

const callback = "https://chatgpt.com/connector/oauth/kDmjx77UnKOM";

/**
 * A document for each connector, and a signature at the token endpoint (field notes 1.13,
 * gh:Altinity/altinity-mcp#118).
 */
export const client: McpClient = {
  name: "ChatGPT",
  headers: { accept: "*/*", "user-agent": "Python/3.12 aiohttp/3.11.13" },
  looks: hosted,
  identity: {
    by: "document",
    document: {
      client_id: "https://chatgpt.com/oauth/kDmjx77UnKOM/client.json",
      client_uri: "https://chatgpt.com/",
      redirect_uris: [callback],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      client_name: "ChatGPT",
      token_endpoint_auth_method: "private_key_jwt",
      token_endpoint_auth_signing_alg: "RS256",
      jwks_uri: "https://chatgpt.com/oauth/jwks.json",
    },
  },
  callbacks: [callback, callback],
  asks: { scope: "resource and offline_access", resource: "document" },
  stateLength: 43,
  authenticates: "private_key_jwt",
  refresh: { sendsResource: true, early: 0, together: true },
};
