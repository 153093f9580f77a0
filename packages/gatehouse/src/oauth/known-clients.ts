import type { Client } from "./records.ts";

/*
 * What is known of the clients out there (docs/clients.md): how to tell them, which of them share a refresh token between processes, and how a
 * person has each forget a registration that does not exist any more. Data, not law: nothing here is trusted, since anybody can
 * claim to be any of them; being taken for one only changes what its own grants forgive, and the advice on a page.
 */

export interface KnownClient {
  readonly name: string;
  /** Its `client_name` when it registers. */
  readonly clientName?: RegExp;
  /** Its `client_id` when it publishes a metadata document. */
  readonly document?: RegExp;
  /** Where it wants the answer sent. */
  readonly redirectUri?: RegExp;
  /** How to make it forget its registration and register anew: a sentence, and a command if there is one. */
  readonly reset: { readonly sentence: string; readonly command?: string };
  /**
   * For clients whose processes share refresh tokens, or keep superseded ones: for how many seconds after it was superseded, where
   * `REPLAY_WINDOW` is shorter, and how many generations back one is still answered (G17).
   */
  readonly replay?: { readonly window: number; readonly generations: number };
}

/** The first that fits counts, so those that are told by less stand further down. */
export const knownClients: readonly KnownClient[] = [
  {
    name: "Codex",
    clientName: /^codex\b/i,
    document: /^https:\/\/chatgpt\.com\/oauth\/codex\/(?:[\w-]+\/)?client\.json$/,
    redirectUri: /^http:\/\/127\.0\.0\.1(?::\d+)?\/callback(?:\/.*)?$/,
    reset: {
      sentence: "In a terminal, sign out of this server in Codex and in again, with the name it has there:",
      command: "codex mcp logout <server> && codex mcp login <server>",
    },
    // Long-lived processes keep the generation they started with.
    replay: { window: 3600, generations: 16 },
  },
  {
    name: "Claude Code",
    clientName: /^claude code\b/i,
    document: /^https:\/\/claude\.ai\/oauth\/claude-code-client-metadata$/,
    redirectUri: /^(?:http:\/\/localhost(?::\d+)?\/callback|claude:\/\/claude\.ai\/mcp-auth-callback\/sdk)$/,
    reset: {
      sentence:
        "In Claude Code, open /mcp, choose this server, choose “Clear authentication”, then “Authenticate”. Should that not help, remove the server and add it again:",
      command: "claude mcp remove <server> && claude mcp add --transport http <server> <address>",
    },
    // Several windows refresh the one stored token, each with a lock of its own.
    replay: { window: 1800, generations: 8 },
  },
  {
    name: "Claude",
    clientName: /^claude(?:\.ai| desktop)?$/i,
    document: /^https:\/\/claude\.ai\/oauth\/mcp-oauth-client-metadata$/,
    redirectUri: /^https:\/\/claude\.(?:ai|com)\/api\/mcp\/auth_callback$/,
    reset: {
      sentence:
        "In Claude, open Settings, then Connectors, disconnect and remove this server, and add it again.",
    },
    // Refreshes from several machines.
    replay: { window: 300, generations: 4 },
  },
  {
    name: "ChatGPT",
    clientName: /^chatgpt\b/i,
    document: /^https:\/\/chatgpt\.com\/oauth\/(?:[\w-]+\/)?client\.json$/,
    redirectUri: /^https:\/\/chatgpt\.com\/connector(?:\/oauth\/|_platform_oauth_redirect$)/,
    reset: {
      sentence:
        "In ChatGPT, open Settings, then Apps & Connectors, delete this connector and create it again.",
    },
    replay: { window: 300, generations: 4 },
  },
  {
    name: "Visual Studio Code",
    clientName: /^visual studio code/i,
    document: /^https:\/\/vscode\.dev\/oauth\/client-metadata\.json$/,
    redirectUri: /^(?:https:\/\/(?:insiders\.)?vscode\.dev\/redirect|http:\/\/127\.0\.0\.1(?::33418)?\/)$/,
    reset: {
      sentence:
        "In Visual Studio Code, open the command palette, run this command, remove this server's entry, and start the server again:",
      command: "Authentication: Remove Dynamic Authentication Providers",
    },
  },
  {
    name: "Cursor",
    clientName: /^cursor\b/i,
    redirectUri: /^cursor:\/\/anysphere\.cursor-mcp\/oauth\/callback$|^http:\/\/localhost:8787\/callback$/,
    reset: {
      sentence:
        "In Cursor, open Settings, then Tools & MCP, log out of this server, switch it off and on again, and connect.",
    },
  },
  {
    name: "MCP Inspector",
    clientName: /^mcp inspector\b/i,
    redirectUri: /^https?:\/\/[^/]+\/oauth\/callback\/debug$|^http:\/\/(?:localhost|127\.0\.0\.1):6274\//,
    reset: {
      sentence: "In the Inspector, open Auth Settings, choose “Clear OAuth State”, and connect again.",
    },
  },
  {
    name: "Gemini CLI",
    clientName: /^gemini cli\b/i,
    redirectUri: /^http:\/\/localhost:7777\/oauth\/callback$/,
    reset: {
      sentence: "In Gemini CLI, sign in to this server anew:",
      command: "/mcp auth <server>",
    },
  },
  {
    name: "mcp-remote",
    clientName: /^mcp cli (?:client|proxy)/i,
    redirectUri: /^http:\/\/(?:localhost|127\.0\.0\.1):\d+\/oauth\/callback$/,
    reset: {
      sentence: "mcp-remote keeps its registrations in a folder. Remove it, and start your app again:",
      command: "rm -rf ~/.mcp-auth",
    },
  },
  {
    name: "OpenCode",
    clientName: /^opencode\b/i,
    document: /^https:\/\/opencode\.ai\/oauth\/opencode\/client\.json$/,
    redirectUri: /^http:\/\/127\.0\.0\.1:\d+\/mcp\/oauth\/callback$/,
    reset: {
      sentence:
        "In a terminal, sign out of this server in OpenCode and in again, with the name it has there:",
      command: "opencode mcp logout <server> && opencode mcp auth <server>",
    },
  },
];

/**
 * Which known client this is: by its document, which nobody else can publish, or by the name a registered one gives itself, where all
 * its answers go to places of that client's shape too (G17). A shared registration is stored without the ports of its loopback URIs.
 */
export function recogniseClient({
  id,
  metadata: { name },
  redirectUris,
}: Pick<Client, "id" | "metadata" | "redirectUris">): KnownClient | undefined {
  return knownClients.find(
    ({ document, clientName, redirectUri }) =>
      document?.test(id) ||
      (name !== undefined &&
        clientName?.test(name) &&
        redirectUris.length > 0 &&
        redirectUris.every((uri) => redirectUri?.test(uri))),
  );
}

/** Which known client probably sent an authorization request, by all that an unregistered one shows. */
export function guessClient(clientId: string, redirectUri: string | undefined): KnownClient | undefined {
  return (
    knownClients.find((known) => known.document?.test(clientId)) ??
    knownClients.find((known) => redirectUri !== undefined && known.redirectUri?.test(redirectUri))
  );
}
