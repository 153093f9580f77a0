import { refuseUnknownOptions } from "./option-names.ts";

/** What an MCP server says to be protected. Only the first three are needed. */
export interface ProtectionOptions {
  /** The authorization server's issuer, to the letter (its `BASE_URL`). https, or http on loopback. */
  readonly issuer: string;
  /**
   * This server's own public address as MCP clients know it, e.g. `https://notes.example.com/mcp`: the
   * audience its tokens must have.
   */
  readonly resource: string;
  /** What `gatehouse resources add` printed: with it this server may ask about its own tokens. */
  readonly credential: string;
  /** Scopes every request needs. Named in each challenge, so that clients ask for them. Default: none. */
  readonly requiredScopes?: readonly string[];
  /** Every scope this server knows, for its published metadata. Default: the required ones. */
  readonly scopes?: readonly string[];
  /**
   * Which scope contains which others, e.g. `{ "notes:write": ["notes:read"] }`. Followed through several
   * steps.
   */
  readonly implies?: Readonly<Record<string, readonly string[]>>;
  /**
   * How long a token found good is believed without asking again, 0 to 300 seconds. A revoked token dies
   * within this time. Default: 10.
   */
  readonly cacheSeconds?: number;
  /** How long to wait for the authorization server, in seconds. Default: 5. */
  readonly timeoutSeconds?: number;
  /** A name for people, in the published metadata. */
  readonly resourceName?: string;
  /**
   * Where to ask about tokens, for when the issuer is not reachable from here under its public name. May be
   * plain http inside a private network. Default: what the issuer's metadata say.
   */
  readonly introspectionEndpoint?: string;
  /**
   * Repeats the issuer's metadata at this server's own origin, for clients that look for them nowhere else:
   * at most five minutes old. Default: false.
   */
  readonly authorizationServerMetadata?: boolean;
  /**
   * Told why a token could not be checked, and when every one is refused because the authorization server
   * knows this resource by another name; never sees a token. Default: a line on `console.error`, one a second
   * at most.
   */
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

const maxCacheSeconds = 300;
/**
 * Scopes of the login, not of a resource: they have no place in this server's metadata and challenges (U11).
 */
const loginScopes = new Set(["offline_access", "openid"]);

const optionNames = Object.keys({
  issuer: true,
  resource: true,
  credential: true,
  requiredScopes: true,
  scopes: true,
  implies: true,
  cacheSeconds: true,
  timeoutSeconds: true,
  resourceName: true,
  introspectionEndpoint: true,
  authorizationServerMetadata: true,
  onFailure: true,
  clock: true,
} satisfies Record<keyof ProtectionOptions, true>);

/**
 * Checks the options when the server starts, not when the first request arrives, and their types too: not
 * every caller has a compiler. Throws a `TypeError` that says which one is wrong, or that there is none of
 * that name.
 *
 * @param caller the function whose options they are, for the errors
 * @param more what that function takes besides
 */
export function readOptions(
  options: ProtectionOptions,
  { caller = "protect", more = [] }: { readonly caller?: string; readonly more?: readonly string[] } = {},
): Protection {
  refuseUnknownOptions(caller, options, [...optionNames, ...more]);
  const { issuer, resource, credential, cacheSeconds = 10, timeoutSeconds = 5 } = options;
  const { resourceName, authorizationServerMetadata = false, onFailure, clock } = options;
  const endpoint = options.introspectionEndpoint;
  if (!isHttpUrl(issuer) || /[?#]/.test(issuer)) fail("issuer", "a URL without query and fragment");
  if (!isSecure(issuer)) fail("issuer", "an https URL (http only on loopback)");
  if (!isHttpUrl(resource) || resource.includes("#")) fail("resource", "a URL without fragment");
  if (!/^[\x21-\x7E]+$/.test(credential ?? "")) {
    fail("credential", "what `gatehouse resources add` printed: one word of visible characters");
  }
  if (endpoint !== undefined && !isHttpUrl(endpoint)) fail("introspectionEndpoint", "a URL");
  if (!(cacheSeconds >= 0 && cacheSeconds <= maxCacheSeconds))
    fail("cacheSeconds", `0 to ${maxCacheSeconds}`);
  if (!(timeoutSeconds > 0 && timeoutSeconds <= 60)) fail("timeoutSeconds", "more than 0, at most 60");
  if (resourceName !== undefined && typeof resourceName !== "string") fail("resourceName", "a text");
  if (typeof authorizationServerMetadata !== "boolean") fail("authorizationServerMetadata", "true or false");
  if (onFailure !== undefined && typeof onFailure !== "function") fail("onFailure", "a function");
  if (clock !== undefined && typeof clock !== "function") fail("clock", "a function");
  const requiredScopes = readScopes("requiredScopes", options.requiredScopes ?? []);
  return {
    issuer,
    resource,
    credential,
    requiredScopes,
    scopes: readScopes("scopes", options.scopes ?? requiredScopes),
    implies: readImplied(options.implies ?? {}),
    cacheSeconds,
    timeoutSeconds,
    resourceName,
    introspectionEndpoint: endpoint,
    authorizationServerMetadata,
    onFailure: onFailure ?? createComplaint(),
    clock: clock ?? (() => Date.now() / 1000),
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
  if (!Array.isArray(scopes) || !scopes.every(isScope))
    fail(option, "a list of scopes, one word each (RFC 6749 §3.3)");
  return [...new Set(scopes)].filter((scope) => !loginScopes.has(scope));
}

/**
 * Scopes that one operation needs: none, or a list in place of words, would ask for something else than was
 * meant.
 */
export function readNeeded(needed: readonly string[]): readonly string[] {
  if (needed.length > 0 && needed.every(isScope)) return needed;
  throw new TypeError("scopes() takes one or more scopes, one word each");
}

function readImplied(implies: NonNullable<ProtectionOptions["implies"]>): Protection["implies"] {
  const entries = typeof implies === "object" && implies !== null ? Object.entries(implies) : undefined;
  if (
    entries?.every(
      ([scope, contained]) => isScope(scope) && Array.isArray(contained) && contained.every(isScope),
    )
  )
    return implies;
  return fail("implies", 'scopes with lists of scopes, such as { "notes:write": ["notes:read"] }');
}

function isScope(word: unknown): word is string {
  return typeof word === "string" && /^[\x21\x23-\x5B\x5D-\x7E]+$/.test(word);
}

/** Names the option, never its value: that may be a secret. */
function fail(option: string, expected: string): never {
  throw new TypeError(`protect(): ${option} must be ${expected}`);
}
