import { hostOf } from "../host.ts";
import { matchesRedirectPattern } from "./legacy-pattern.ts";

/**
 * Schemes of well-known MCP clients that own one without a dot in it (B08). Anything else must be
 * reverse-domain.
 */
const knownAppSchemes = new Set([
  "cursor",
  "vscode",
  "vscode-insiders",
  "windsurf",
  "claude",
  "warp",
  "zed",
  "kiro",
  "trae",
  "raycast",
]);
/** Schemes that run or read something in the browser, wherever they stand. */
const forbiddenSchemes = new Set([
  "javascript",
  "data",
  "file",
  "vbscript",
  "blob",
  "about",
  "view-source",
  "filesystem",
]);

const maxLength = 2048;
const webUri = /^https:\/\/(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?(?:[/?].*)?$/;
const loopbackUri = /^http:\/\/(127\.0\.0\.1|\[::1\]|localhost)(?::\d{1,5})?([/?].*)?$/;
const appUri = /^([a-z][a-z0-9+.-]*):(?!\/*$)/;
/** RFC 3986 characters; no space, quote, backslash, angle bracket, no `*`, no `#`, nothing beyond ASCII. */
const uriCharacters = /^[A-Za-z0-9\-._~:/?[\]@!$&'()+,;=%]+$/;

/**
 * Whether a URI may be registered and redirected to, by clients that are not LEGACY (H06, B04): https, http
 * on loopback, or a private-use scheme; absolute, without fragment, userinfo, wildcard or dot segments.
 * @returns what is wrong with it, in words for the client's developer, or `undefined` when nothing is
 */
export function checkRedirectUri(uri: string): string | undefined {
  if (uri.length > maxLength) return `longer than ${maxLength} characters`;
  if (uri.includes("#")) return "must not have a fragment";
  if (uri.includes("*")) return "must not hold a wildcard";
  if (!uriCharacters.test(uri)) return "holds a character that a URI cannot";
  if (/(?:^|\/)(?:\.|%2e){1,2}(?:[/?]|$)/i.test(uri.replace(/^[^:]*:\/\//, "")))
    return "must not hold dot segments";
  if (!URL.canParse(uri)) return "is not an absolute URI";
  if (loopbackUri.test(uri) || webUri.test(uri)) return undefined;
  const scheme = appUri.exec(uri)?.[1];
  if (scheme === undefined) return "is not an absolute URI";
  if (forbiddenSchemes.has(scheme)) return "has a scheme that is never accepted";
  if (scheme === "http")
    return "must be https, or http on 127.0.0.1, [::1] or localhost, without user information";
  if (scheme === "https") return "must name a host and no user information";
  if (!scheme.includes(".") && !knownAppSchemes.has(scheme)) {
    return "must be https, http on loopback, or a private-use scheme in reverse-domain form";
  }
  return undefined;
}

/**
 * Whether the requested URI is the registered one, by simple string comparison (B05); of loopback URIs the
 * port alone is free (B06, RFC 8252 §7.3).
 */
function matchesRedirectUri(registered: string, requested: string): boolean {
  if (registered === requested) return true;
  const [left, right] = [loopbackUri.exec(registered), loopbackUri.exec(requested)];
  return left !== null && right !== null && left[1] === right[1] && left[2] === right[2];
}

/**
 * The URIs with the ports of loopback ones left out, which {@link admitsRedirectUri} does not compare: each
 * once.
 */
export function portless(redirectUris: readonly string[]): string[] {
  const withoutPort = (uri: string) =>
    loopbackUri.test(uri) ? uri.replace(/^(http:\/\/(?:[^/?:[]+|\[[^\]]+\])):\d+/, "$1") : uri;
  return [...new Set(redirectUris.map(withoutPort))];
}

/** Whether any of the registered URIs, or for LEGACY clients patterns, admits the requested one. */
export function admitsRedirectUri(
  registered: readonly string[],
  requested: string,
  matching: "exact" | "pattern",
): boolean {
  if (matching === "pattern") return registered.some((pattern) => matchesRedirectPattern(pattern, requested));
  return (
    checkRedirectUri(requested) === undefined && registered.some((uri) => matchesRedirectUri(uri, requested))
  );
}

/** Where a redirect goes, as the consent page tells it (D05). */
export function describeRedirectUri(uri: string): { kind: "web" | "loopback" | "app"; host: string } {
  const url = new URL(uri);
  if (loopbackUri.test(uri)) return { kind: "loopback", host: url.host };
  if (url.protocol === "https:" || url.protocol === "http:") {
    return { kind: "web", host: hostOf(url) + (url.port && `:${url.port}`) };
  }
  return { kind: "app", host: url.protocol };
}

/**
 * `redirectUri` with its own query kept and these parameters added (RFC 6749 §4.1.2). Undefined ones are left
 * out.
 */
export function withParameters(
  redirectUri: string,
  parameters: Readonly<Record<string, string | undefined>>,
): string {
  const added = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) added.append(name, value);
  // No URL object: it would normalise the client's own part of the URI.
  return (
    redirectUri +
    (redirectUri.includes("?") ? (/[?&]$/.test(redirectUri) ? "" : "&") : "?") +
    added.toString()
  );
}
