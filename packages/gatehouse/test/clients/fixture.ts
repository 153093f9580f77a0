/*
 * What one MCP client puts on the wire. A fixture holds all of it but what is different each time (codes,
 * tokens, PKCE, the state's characters), so that adding a client is adding one file to `fixtures/`, which
 * exports it as `client`.
 */

/**
 * The MCP server that clients are pointed at, and the resource configured here, unless a fixture names
 * another.
 */
export const mcpServer = "https://notes.example.com/mcp";

/** Parameters as they are sent; a list repeats one. */
export type SentParameters = Readonly<Record<string, string | readonly string[]>>;

/** Registers dynamically, RFC 7591. */
export interface RegistersItself {
  readonly by: "registration";
  /** The body, to the letter, for the redirect URI it is about to use. */
  readonly metadata: (callback: string) => Readonly<Record<string, unknown>>;
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

export interface ClientFixture {
  /** As people know it, with the way it connects where it has several. */
  readonly name: string;
  /**
   * Of every request the program itself makes. One with `origin` runs in a browser page, and asks by
   * preflight what a page must ask.
   */
  readonly headers: Readonly<Record<string, string>>;
  /** The MCP server it is pointed at, where that matters. */
  readonly mcpServer?: string;
  /**
   * Where it looks for the server's metadata, in this order. Nowhere: it takes `/authorize`, `/token` and
   * `/register` at the origin.
   */
  readonly discovery: {
    readonly paths: readonly string[];
    readonly headers?: Readonly<Record<string, string>>;
  };
  readonly identity: RegistersItself | PublishesDocument | WasGivenSecret;
  /** The redirect URI of a sign-in, and of a later one. */
  readonly callbacks: readonly [first: string, later: string];
  /** Besides `response_type`, `client_id`, `redirect_uri` and PKCE, which everybody sends. */
  readonly authorization: SentParameters;
  /** Characters of its `state`; absent: it sends none. */
  readonly stateLength?: number;
  /**
   * How it proves itself at the token endpoint. `client_secret_basic` as the SDK writes it: not form-encoded.
   */
  readonly authenticates: "none" | "client_secret_basic" | "client_secret_post" | "private_key_jwt";
  /** Besides the code and what belongs to it. */
  readonly redemption: SentParameters;
  /** Absent: it never refreshes. */
  readonly refresh?: {
    /** Besides the refresh token. */
    readonly parameters: SentParameters;
    /** Seconds of life left to the access token when it refreshes; 0: once it was refused. */
    readonly early: number;
  };
  /** Absent: signing out only makes it forget. */
  readonly revocation?: {
    readonly tokens: readonly ("refresh_token" | "access_token")[];
    readonly headers: Readonly<Record<string, string>>;
  };
}

/** RFC 8414, for an issuer without a path. */
export const serverMetadata = "/.well-known/oauth-authorization-server";
