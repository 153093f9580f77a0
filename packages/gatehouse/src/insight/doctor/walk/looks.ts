/*
 * How clients find an authorization server. Most are built on one of few libraries, which are these; what
 * each does was read from its source, and the tests run the first two and `mcp-remote` beside the walk.
 */

/**
 * Where a document stands for an issuer `https://host/path`: `…/.well-known/NAME/path` (inserted, RFC 8414
 * §3), `…/path/.well-known/NAME` (appended, OpenID Connect Discovery), or `…/.well-known/NAME` whatever the
 * path (root).
 */
export type MetadataPlace =
  | "oauth inserted"
  | "oauth root"
  | "openid inserted"
  | "openid appended"
  | "openid root";

export interface Looks {
  /** The program or library that looks so, in the words of a finding. */
  readonly library: string;
  /** The method of its first call of the MCP server. */
  readonly first: "POST" | "GET";
  /** After metadata named in the 401 that are of no use, it looks at the well-known places too. */
  readonly looksOn: boolean;
  /** Which `resource` in the metadata it takes for the server it was pointed at. */
  readonly resource: "same" | "same or parent";
  /** Whether another one is the end, or as good as no metadata. */
  readonly foreignResource: "ends" | "ignored";
  /** Where it looks for the authorization server's metadata, in this order. */
  readonly places: readonly MetadataPlace[];
  /** An answer that is no metadata is the end; else it looks further. */
  readonly strict: boolean;
  /** The status codes after which it looks further; every other error is the end. */
  readonly looksFurther: "4xx" | "4xx and 502" | "any";
  /** Whether a place that does not answer at all is the end. */
  readonly silence: "ends" | "looks further";
  /** It holds the `issuer` of the metadata against the one it was sent to. */
  readonly comparesIssuer: boolean;
  /** Whether redirects to other origins are followed. */
  readonly redirects: "within the origin" | "all";
  /** Without any metadata it takes `/authorize`, `/token` and `/register` there. */
  readonly guesses: boolean;
  /** Refuses a server whose metadata list other PKCE methods than S256 (none listed is taken for fine). */
  readonly checksPkce: boolean;
}

const sdk = ["oauth inserted", "openid inserted", "openid appended"] as const;

/** `@modelcontextprotocol/sdk` 1.32. */
export const sdk1: Looks = {
  library: "the TypeScript SDK",
  first: "POST",
  looksOn: false,
  resource: "same or parent",
  foreignResource: "ends",
  places: sdk,
  strict: true,
  looksFurther: "4xx",
  silence: "looks further",
  comparesIssuer: false,
  redirects: "within the origin",
  guesses: true,
  checksPkce: true,
};

/** `@modelcontextprotocol/client` 2.4: the same, and stricter about who answers. */
export const sdk2: Looks = {
  ...sdk1,
  comparesIssuer: true,
  looksFurther: "4xx and 502",
  silence: "ends",
};

/** `rmcp` 2 and 3, the Rust SDK (`crates/rmcp/src/transport/auth.rs`). */
export const rmcp: Looks = {
  library: "the Rust SDK",
  first: "GET",
  looksOn: true,
  resource: "same",
  foreignResource: "ends",
  places: ["oauth inserted", "openid inserted", "openid appended", "oauth root"],
  strict: false,
  looksFurther: "any",
  silence: "looks further",
  comparesIssuer: false,
  redirects: "all",
  guesses: true,
  checksPkce: true,
};

/** `src/vs/base/common/oauth.ts`. */
export const vscode: Looks = {
  library: "Visual Studio Code",
  first: "POST",
  looksOn: false,
  resource: "same",
  foreignResource: "ignored",
  places: sdk,
  strict: false,
  looksFurther: "any",
  silence: "looks further",
  comparesIssuer: false,
  redirects: "all",
  guesses: true,
  checksPkce: false,
};

/** `packages/core/src/mcp/oauth-utils.ts`. */
export const gemini: Looks = {
  library: "Gemini CLI",
  first: "POST",
  looksOn: true,
  resource: "same",
  foreignResource: "ends",
  places: ["oauth inserted", "openid inserted", "openid appended", "oauth root", "openid root"],
  strict: false,
  looksFurther: "any",
  silence: "looks further",
  comparesIssuer: false,
  redirects: "all",
  guesses: false,
  checksPkce: false,
};

/** Services that connect from their own computers, as threads describe them. */
export const hosted: Looks = {
  library: "the hosted service",
  first: "POST",
  looksOn: true,
  resource: "same or parent",
  foreignResource: "ignored",
  places: ["oauth inserted", "oauth root", "openid inserted", "openid appended"],
  strict: false,
  looksFurther: "any",
  silence: "looks further",
  comparesIssuer: false,
  redirects: "all",
  guesses: true,
  checksPkce: true,
};

/** The URLs of those places for an issuer, in the same order, each once. */
export function metadataUrls(issuer: string, places: readonly MetadataPlace[]): string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, "");
  const at: Record<MetadataPlace, string> = {
    "oauth inserted": `/.well-known/oauth-authorization-server${path}`,
    "oauth root": "/.well-known/oauth-authorization-server",
    "openid inserted": `/.well-known/openid-configuration${path}`,
    "openid appended": `${path}/.well-known/openid-configuration`,
    "openid root": "/.well-known/openid-configuration",
  };
  return [...new Set(places.map((place) => origin + at[place]))];
}
