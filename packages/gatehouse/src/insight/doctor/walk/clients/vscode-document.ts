import type { McpClient } from "../client.ts";
import { client as registering } from "./vscode.ts";

/** By its document, which lists the device grant (field notes 1.12, gh:tableau/tableau-mcp#199). */
export const client: McpClient = {
  ...registering,
  name: "Visual Studio Code, by its document",
  identity: {
    by: "document",
    document: {
      client_name: "Visual Studio Code",
      grant_types: ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
      application_type: "native",
      client_id: "https://vscode.dev/oauth/client-metadata.json",
      client_uri: "https://vscode.dev/product",
      logo_uri: "https://code.visualstudio.com/assets/images/code-stable.png",
      redirect_uris: ["http://127.0.0.1:33418/", "https://vscode.dev/redirect"],
    },
  },
  callbacks: ["http://127.0.0.1:33418/", "https://vscode.dev/redirect"],
};
