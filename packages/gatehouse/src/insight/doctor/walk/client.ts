import { createHash } from "node:crypto";
import type { Looks } from "./looks.ts";

/*
 * What one MCP client does to connect, as data: where it looks, how it becomes known, what it asks for. A
 * record holds all but what is different each time (codes, tokens, PKCE, the state's characters). The walk
 * does it to others' servers; the tests play it against this one, to the end (`test/clients/`).
 */

/** Which scopes it names, of those it has come to know by then. */
export type ScopeRule =
  /** No such parameter. */
  | "none"
  /** An empty one. */
  | "empty"
  /** What the MCP server's challenge names, else what its metadata list. */
  | "resource"
  /** The same, and `offline_access` where the authorization server lists it. */
  | "resource and offline_access"
  /** The same, and where the MCP server names none, everything the authorization server lists. */
  | "resource and offline_access, else server"
  /** What the authorization server lists. */
  | "server";

/** What it takes for the MCP server's identifier (RFC 8707). */
export type ResourceRule =
  | "none"
  /** As its metadata spell it; nothing where there are none. */
  | "document"
  /** The address it was pointed at. */
  | "address"
  | "address twice"
  /** The origin of that address, with a slash. */
  | "origin";

/** Registers dynamically, RFC 7591. */
export interface RegistersItself {
  readonly by: "registration";
  /** The body but for `scope`, to the letter, for the redirect URI it is about to use. */
  readonly metadata: (callback: string) => Readonly<Record<string, unknown>>;
  /** Absent: `none`. */
  readonly scope?: ScopeRule;
  /** Whether the registration is kept for the next sign-in, even from another port. */
  readonly keeps: boolean;
}

/** Names itself by the URL of its client ID metadata document. */
export interface PublishesDocument {
  readonly by: "document";
  readonly document: Readonly<Record<string, unknown>> & { readonly client_id: string };
}

/** Was told an id and a secret by the operator. */
export interface WasGivenSecret {
  readonly by: "operator";
  readonly clientId: string;
  readonly secret: string;
}

export interface McpClient {
  /** As people know it, with the way it connects where it has several. */
  readonly name: string;
  /** What people used before: not connecting is a warning. */
  readonly superseded?: boolean;
  /**
   * Of every request the program itself makes. One with `origin` runs in a browser page, and asks by
   * preflight what a page must ask.
   */
  readonly headers: Readonly<Record<string, string>>;
  readonly looks: Looks;
  /** The revision of MCP it names when it asks for metadata (`MCP-Protocol-Version`), if it does. */
  readonly revision?: string;
  readonly identity: RegistersItself | PublishesDocument | WasGivenSecret;
  /** The redirect URI of a sign-in, and of a later one. */
  readonly callbacks: readonly [first: string, later: string];
  /** Besides `response_type`, `client_id`, `redirect_uri` and PKCE, which everybody sends. */
  readonly asks: {
    readonly scope: ScopeRule;
    readonly resource: ResourceRule;
    /** The same once more, as `audience`. */
    readonly audience?: true;
    /** `prompt=consent` where it asks for `offline_access`. */
    readonly consentToOffline?: true;
  };
  /** Characters of its `state`; absent: it sends none. */
  readonly stateLength?: number;
  /**
   * How it proves itself at the token endpoint. `client_secret_basic` as the SDK writes it: not form-encoded.
   */
  readonly authenticates: "none" | "client_secret_basic" | "client_secret_post" | "private_key_jwt";
  /** Absent: it never refreshes. */
  readonly refresh?: {
    /** `requested`: what it asked the person for, whatever was granted. Absent: none. */
    readonly scope?: "requested" | "resource";
    /** As in the authorization request. */
    readonly sendsResource: boolean;
    /** Seconds of life left to the access token when it refreshes; 0: once it was refused. */
    readonly early: number;
    /** It looks for the token endpoint at the MCP server's own address, whoever it signed in at. */
    readonly looksAt?: "MCP server";
    /** Two of its processes, windows or machines refresh the same token at once. */
    readonly together?: true;
  };
  /** Absent: signing out only makes it forget. */
  readonly revocation?: {
    readonly tokens: readonly ("refresh_token" | "access_token")[];
    readonly headers: Readonly<Record<string, string>>;
  };
}

/**
 * The client as it connects to this MCP server: `{server}` in its addresses stands for something made of the
 * server's.
 */
export function clientAt(client: McpClient, mcpServer: string): McpClient {
  const hash = createHash("sha256").update(mcpServer).digest().subarray(0, 9).toString("base64url");
  const filled = <T>(value: T): T => JSON.parse(JSON.stringify(value).replaceAll("{server}", hash)) as T;
  const { identity, callbacks } = client;
  return {
    ...client,
    callbacks: filled(callbacks),
    identity: identity.by === "document" ? filled(identity) : identity,
  };
}

/** What is known of scopes when a client chooses. */
export interface NamedScopes {
  /** By the MCP server: the challenge, else its metadata. */
  readonly resource: string | undefined;
  /** By the authorization server's metadata. */
  readonly server: readonly string[];
}

/** The value of the parameter `scope`; `undefined`: left out. */
export function scopeBy(rule: ScopeRule, { resource, server }: NamedScopes): string | undefined {
  switch (rule) {
    case "none":
      return undefined;
    case "empty":
      return "";
    case "resource":
      return resource;
    case "server":
      return server.join(" ") || undefined;
    case "resource and offline_access":
      return resource && withOffline(resource, server);
    case "resource and offline_access, else server":
      return resource ? withOffline(resource, server) : server.join(" ") || undefined;
  }
}

function withOffline(scope: string, server: readonly string[]): string {
  const isMissing = server.includes("offline_access") && !scope.split(" ").includes("offline_access");
  return isMissing ? `${scope} offline_access` : scope;
}

/**
 * The values of the parameter `resource`.
 * @param published what the MCP server's metadata call it, if there are any
 */
export function resourcesBy(rule: ResourceRule, address: string, published: string | undefined): string[] {
  switch (rule) {
    case "none":
      return [];
    case "document":
      return published === undefined ? [] : [published];
    case "address":
      return [address];
    case "address twice":
      return [address, address];
    case "origin":
      return [`${new URL(address).origin}/`];
  }
}
