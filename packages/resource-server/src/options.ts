/** What an MCP server says to be protected. Only the first three are needed. */
export interface ProtectionOptions {
  /** The authorization server's issuer, to the letter (its `BASE_URL`). https, or http on loopback. */
  readonly issuer: string;
  /** This server's own public address as MCP clients know it, e.g. `https://notes.example.com/mcp`: the audience its tokens must have. */
  readonly resource: string;
  /** What `gatehouse resources add` printed: with it this server may ask about its own tokens. */
  readonly credential: string;
  /** Scopes every request needs. Named in each challenge, so that clients ask for them. Default: none. */
  readonly requiredScopes?: readonly string[];
  /** Every scope this server knows, for its published metadata. Default: the required ones. */
  readonly scopes?: readonly string[];
  /** Which scope contains which others, e.g. `{ "notes:write": ["notes:read"] }`. Followed through several steps. */
  readonly implies?: Readonly<Record<string, readonly string[]>>;
  /** How long a token found good is believed without asking again, 0 to 300 seconds. A revoked token dies within this time. Default: 10. */
  readonly cacheSeconds?: number;
  /** How long to wait for the authorization server, in seconds. Default: 5. */
  readonly timeoutSeconds?: number;
  /** A name for people, in the published metadata. */
  readonly resourceName?: string;
  /**
   * Where to ask about tokens, for when the issuer is not reachable from here under its public name. May be plain http inside a private
   * network. Default: what the issuer's metadata say.
   */
  readonly introspectionEndpoint?: string;
  /**
   * Repeats the issuer's metadata at this server's own origin, for clients that look for them nowhere else: at most five minutes old.
   * Default: false.
   */
  readonly authorizationServerMetadata?: boolean;
  /** Told why a token could not be checked; never sees a token. Default: a line on `console.error`, one a second at most. */
  readonly onFailure?: (error: Error) => void;
  /** Now, in seconds since 1970. Default: the system's clock. */
  readonly clock?: () => number;
}

/** The same, checked and complete. */
export interface Protection {
  readonly issuer: string;
  readonly resource: string;
  readonly credential: string;
  readonly requiredScopes: readonly string[];
  readonly scopes: readonly string[];
  readonly implies: Readonly<Record<string, readonly string[]>>;
  readonly cacheSeconds: number;
  readonly timeoutSeconds: number;
  readonly resourceName: string | undefined;
  readonly introspectionEndpoint: string | undefined;
  readonly authorizationServerMetadata: boolean;
  readonly onFailure: (error: Error) => void;
  readonly clock: () => number;
}

const longestCache = 300;
/** Scopes of the login, not of a resource: they have no place in this server's metadata and challenges (U11). */
const loginScopes = new Set(["offline_access", "openid"]);

/** Checks the options when the server starts, not when the first request arrives. Throws a `TypeError` that says which one is wrong. */
export function readOptions(options: ProtectionOptions): Protection {
  const { issuer, resource, credential, implies = {}, cacheSeconds = 10, timeoutSeconds = 5 } = options;
  const endpoint = options.introspectionEndpoint;
  if (!isHttpUrl(issuer) || /[?#]/.test(issuer)) fail("issuer", "a URL without query and fragment");
  if (!isSecure(issuer)) fail("issuer", "an https URL (http only on loopback)");
  if (!isHttpUrl(resource) || resource.includes("#")) fail("resource", "a URL without fragment");
  if (!/^[\x21-\x7E]+$/.test(credential ?? "")) {
    fail("credential", "what `gatehouse resources add` printed: one word of visible characters");
  }
  if (endpoint !== undefined && !isHttpUrl(endpoint)) fail("introspectionEndpoint", "a URL");
  if (!(cacheSeconds >= 0 && cacheSeconds <= longestCache)) fail("cacheSeconds", `0 to ${longestCache}`);
  if (!(timeoutSeconds > 0 && timeoutSeconds <= 60)) fail("timeoutSeconds", "more than 0, at most 60");
  const requiredScopes = readScopes("requiredScopes", options.requiredScopes ?? []);
  return {
    issuer,
    resource,
    credential,
    requiredScopes,
    scopes: readScopes("scopes", options.scopes ?? requiredScopes),
    implies,
    cacheSeconds,
    timeoutSeconds,
    resourceName: options.resourceName,
    introspectionEndpoint: endpoint,
    authorizationServerMetadata: options.authorizationServerMetadata === true,
    onFailure: options.onFailure ?? createComplaint(),
    clock: options.clock ?? (() => Date.now() / 1000),
  };
}

/** Not a line for each: under a flood they would cost more than the refusals they tell of. */
function createComplaint(): (error: Error) => void {
  let silentUntil = 0;
  let untold = 0;
  return ({ message }) => {
    const now = performance.now();
    if (now < silentUntil) {
      untold++;
      return;
    }
    const more = untold === 0 ? "" : ` (and ${untold} more since the last line)`;
    console.error(`[@mcp-gatehouse/resource-server] ${message}${more}`);
    silentUntil = now + 1000;
    untold = 0;
  };
}

/** Whether a URL may carry a secret: https, or http that stays on this computer. */
export function isSecure(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "https:" || ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
}

export function isHttpUrl(value: unknown): value is string {
  return typeof value === "string" && /^https?:\/\/[\x21-\x7E]+$/i.test(value) && URL.canParse(value);
}

function readScopes(option: string, scopes: readonly string[]): string[] {
  for (const scope of scopes) {
    if (!/^[\x21\x23-\x5B\x5D-\x7E]+$/.test(scope))
      fail(option, "a list of scopes, one word each (RFC 6749 §3.3)");
  }
  return [...new Set(scopes)].filter((scope) => !loginScopes.has(scope));
}

/** Names the option, never its value: that may be a secret. */
function fail(option: string, expected: string): never {
  throw new TypeError(`protect(): ${option} must be ${expected}`);
}
