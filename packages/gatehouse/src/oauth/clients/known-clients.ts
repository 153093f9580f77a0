import type { KnownClientName } from "../reason.ts";
import type { Client } from "../records.ts";

/*
 * What is known of the clients out there (docs/clients.md): how to tell them, which of them share a refresh
 * token between processes, and what to type to have each forget a registration that does not exist any more.
 * Data, not law: nothing here is trusted, since anybody can claim to be any of them; being taken for one only
 * changes what its own grants forgive, and the advice on a page (whose words stand in `pages/words.ts`).
 */

export interface KnownClient {
  readonly name: KnownClientName;
  /** Its `client_name` when it registers. */
  readonly clientName?: RegExp;
  /** Its `client_id` when it publishes a metadata document. */
  readonly document?: RegExp;
  /** Where it wants the answer sent. */
  readonly redirectUri?: RegExp;
  /**
   * Domains of whoever makes it, with their subdomains: what goes to {@link redirectUri} there really goes to
   * it.
   */
  readonly domains?: readonly string[];
  /** What a name or a host that pretends to be its looks like, once it is folded (`imitation.ts`). */
  readonly claims?: RegExp;
  /**
   * What to type to make it forget its registration and register anew, if that is done by typing: `NAME`
   * stands for what the person calls the server there, `ADDRESS` for the server's address. The words beside
   * it are the page's.
   */
  readonly resetCommand?: string;
  /**
   * For clients whose processes share refresh tokens, or keep superseded ones: for how many seconds after it
   * was superseded, where `REPLAY_WINDOW` is shorter, and how many generations back one is still answered
   * (G17).
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
    domains: ["chatgpt.com", "openai.com"],
    claims: /\bcodex\b/,
    resetCommand: "codex mcp logout NAME && codex mcp login NAME",
    // Long-lived processes keep the generation they started with.
    replay: { window: 3600, generations: 16 },
  },
  {
    name: "Claude Code",
    clientName: /^claude code\b/i,
    document: /^https:\/\/claude\.ai\/oauth\/claude-code-client-metadata$/,
    redirectUri: /^(?:http:\/\/localhost(?::\d+)?\/callback|claude:\/\/claude\.ai\/mcp-auth-callback\/sdk)$/,
    domains: ["claude.ai", "claude.com", "anthropic.com"],
    claims: /claude ?code/,
    resetCommand: "claude mcp remove NAME && claude mcp add --transport http NAME ADDRESS",
    // Several windows refresh the one stored token, each with a lock of its own.
    replay: { window: 1800, generations: 8 },
  },
  {
    name: "Claude",
    clientName: /^claude(?:\.ai| desktop)?$/i,
    document: /^https:\/\/claude\.ai\/oauth\/mcp-oauth-client-metadata$/,
    redirectUri: /^https:\/\/claude\.(?:ai|com)\/api\/mcp\/auth_callback$/,
    domains: ["claude.ai", "claude.com", "anthropic.com"],
    claims: /claude|anthropic/,
    // Refreshes from several machines.
    replay: { window: 300, generations: 4 },
  },
  {
    name: "ChatGPT",
    clientName: /^chatgpt\b/i,
    document: /^https:\/\/chatgpt\.com\/oauth\/(?:[\w-]+\/)?client\.json$/,
    redirectUri: /^https:\/\/chatgpt\.com\/connector(?:\/oauth\/|_platform_oauth_redirect$)/,
    domains: ["chatgpt.com", "openai.com"],
    claims: /chat ?gpt|open ?ai\b/,
    replay: { window: 300, generations: 4 },
  },
  {
    name: "Visual Studio Code",
    clientName: /^visual studio code/i,
    document: /^https:\/\/vscode\.dev\/oauth\/client-metadata\.json$/,
    redirectUri: /^(?:https:\/\/(?:insiders\.)?vscode\.dev\/redirect|http:\/\/127\.0\.0\.1(?::33418)?\/)$/,
    domains: ["vscode.dev", "visualstudio.com", "microsoft.com"],
    claims: /\bvs ?code|visual studio code/,
    resetCommand: "Authentication: Remove Dynamic Authentication Providers",
  },
  {
    name: "Cursor",
    clientName: /^cursor\b/i,
    redirectUri: /^cursor:\/\/anysphere\.cursor-mcp\/oauth\/callback$|^http:\/\/localhost:8787\/callback$/,
    domains: ["cursor.com", "cursor.sh"],
    claims: /\bcursor\b|anysphere/,
  },
  {
    name: "MCP Inspector",
    clientName: /^mcp inspector\b/i,
    redirectUri: /^http:\/\/(?:localhost|127\.0\.0\.1)(?::\d+)?\/oauth\/callback(?:\/debug)?$/,
  },
  {
    name: "Gemini CLI",
    clientName: /^gemini cli\b/i,
    // Its port was 7777 once and is any today.
    redirectUri: /^http:\/\/localhost:\d+\/oauth\/callback$/,
    claims: /\bgemini cli\b/,
    resetCommand: "/mcp auth NAME",
  },
  {
    name: "mcp-remote",
    clientName: /^mcp cli (?:client|proxy)/i,
    redirectUri: /^http:\/\/(?:localhost|127\.0\.0\.1):\d+\/oauth\/callback$/,
    resetCommand: "rm -rf ~/.mcp-auth",
  },
  {
    name: "OpenCode",
    clientName: /^opencode\b/i,
    document: /^https:\/\/opencode\.ai\/oauth\/opencode\/client\.json$/,
    redirectUri: /^http:\/\/127\.0\.0\.1:\d+\/mcp\/oauth\/callback$/,
    domains: ["opencode.ai"],
    claims: /open ?code\b/,
    resetCommand: "opencode mcp logout NAME && opencode mcp auth NAME",
  },
];

/**
 * Which known client this is: by its document, which nobody else can publish, or by the name a registered one
 * gives itself, where all its answers go to places of that client's shape too (G17). A shared registration is
 * stored without the ports of its loopback URIs.
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

/** The known client whose metadata document this identifier names. */
export function knownDocument(clientId: string): KnownClient | undefined {
  return knownClients.find((known) => known.document?.test(clientId));
}

/**
 * The known client to which alone this redirect URI can lead: a page on its own domain, or a link its app
 * opens. Never for loopback addresses, which any program can listen at.
 */
export function knownClientAt(redirectUri: string): KnownClient | undefined {
  if (redirectUri.startsWith("http:")) return undefined;
  return fittingClients(redirectUri).find(
    (known) => !redirectUri.startsWith("https:") || isOwnHost(known, new URL(redirectUri).hostname),
  );
}

/** All known clients that want their answers at such an address; several share the commoner ones. */
export function fittingClients(redirectUri: string): readonly KnownClient[] {
  return knownClients.filter((known) => known.redirectUri?.test(redirectUri));
}

/** Whether a host lies within the domains of whoever makes the client. */
export function isOwnHost({ domains = [] }: KnownClient, host: string): boolean {
  return domains.some((domain) => host === domain || host.endsWith(`.${domain}`));
}
