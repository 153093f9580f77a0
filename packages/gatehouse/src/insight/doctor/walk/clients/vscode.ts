import type { McpClient } from "../client.ts";
import { vscode } from "../looks.ts";

/**
 * By registration, read from `src/vs/base/common/oauth.ts`; the endpoints it falls back to are those at the
 * origin.
 */
export const client: McpClient = {
  name: "Visual Studio Code",
  headers: { accept: "application/json", "user-agent": "Code/1.109.0" },
  looks: vscode,
  identity: {
    by: "registration",
    metadata: () => ({
      client_name: "Visual Studio Code",
      client_uri: "https://code.visualstudio.com",
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      redirect_uris: [
        "https://insiders.vscode.dev/redirect",
        "https://vscode.dev/redirect",
        "http://127.0.0.1/",
        "http://127.0.0.1:33418/",
      ],
      token_endpoint_auth_method: "none",
      application_type: "native",
    }),
    scope: "resource",
    keeps: true,
  },
  // The second is what it takes when the first port is not free.
  callbacks: ["http://127.0.0.1:33418/", "http://127.0.0.1:52111/"],
  asks: { scope: "resource", resource: "document" },
  stateLength: 24,
  authenticates: "none",
  refresh: { sendsResource: true, early: 0 },
};
