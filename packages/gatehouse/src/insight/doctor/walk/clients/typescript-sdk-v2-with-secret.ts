import type { McpClient } from "../client.ts";
import { client as publicClient } from "./typescript-sdk-v2.ts";

/**
 * Names no method, so it is given a secret (RFC 7591 §2) and prefers Basic, which it does not form-encode
 * (field notes §2, rule (b)).
 */
export const client: McpClient = {
  ...publicClient,
  name: "TypeScript SDK v2, with a secret",
  identity: {
    by: "registration",
    metadata: (callback) => ({
      client_name: "sdk-v2 on a server",
      redirect_uris: [callback],
      grant_types: ["authorization_code", "refresh_token"],
      application_type: "web",
    }),
    scope: "resource and offline_access",
    keeps: true,
  },
  callbacks: ["https://agent.example.com/oauth/callback", "https://agent.example.com/oauth/callback"],
  authenticates: "client_secret_basic",
};
