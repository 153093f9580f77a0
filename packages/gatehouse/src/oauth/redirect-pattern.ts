import { getDomain } from "tldts";
import { asGlob, isRedirectRegexp, matchesRedirectRegexp, matchesRegexpOrigin } from "./redirect-regexp.ts";

/*
 * LEGACY: the redirect patterns of operator-provisioned `client_secret_post` clients (compatibility.md). `*` stands for any
 * run of characters, everything else is literal, the match is anchored at both ends. Scheme, authority and the rest are matched apart, so
 * that a `*` never crosses from one into the next (B27, B28). Rows of a later state hold regular expressions: `redirect-regexp.ts`.
 */

interface Pattern {
  readonly scheme: string;
  readonly host: string;
  readonly port: string | undefined;
  /** From the first `/` or `?` on; may be empty. */
  readonly rest: string;
}

const shape = /^(https?):\/\/([A-Za-z0-9.*-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}|\*))?([/?][^#\\]*)?$/;

/**
 * Whether an operator's pattern is one this server accepts.
 * @returns what is wrong with it, or `undefined` when nothing is
 */
export function checkRedirectPattern(pattern: string): string | undefined {
  if (!/^[\x21-\x7E]{1,2048}$/.test(pattern)) return "must be 1 to 2048 printable ASCII characters";
  const parsed = parse(pattern);
  if (parsed === undefined)
    return "must read http(s)://host/path without fragment or user information; * may stand in host, port, path and query";
  if (coversRegistrableDomain(parsed.host))
    return "a * in the host may only stand left of a registrable domain, as in https://*.example.com/";
  return undefined;
}

/** Whether the pattern admits the URI: http or https with a host, no userinfo, backslash, control character or fragment (B28). */
export function matchesRedirectPattern(stored: string, uri: string): boolean {
  const pattern = asGlob(stored) ?? stored;
  const actual = parseCandidate(uri);
  if (isRedirectRegexp(pattern)) return actual !== undefined && matchesRedirectRegexp(pattern, actual);
  if (checkRedirectPattern(pattern) !== undefined) return false;
  const expected = parse(pattern);
  return (
    expected !== undefined &&
    actual !== undefined &&
    sameOrigin(expected, actual) &&
    glob(expected.rest, actual.rest)
  );
}

/** Whether the URI lies on an origin the pattern admits: for the LEGACY `GET /revoke` (K10). */
export function matchesPatternOrigin(stored: string, uri: string): boolean {
  const pattern = asGlob(stored) ?? stored;
  const actual = parseCandidate(uri);
  if (isRedirectRegexp(pattern)) return actual !== undefined && matchesRegexpOrigin(pattern, actual);
  if (checkRedirectPattern(pattern) !== undefined) return false;
  const expected = parse(pattern);
  return expected !== undefined && actual !== undefined && sameOrigin(expected, actual);
}

function parse(pattern: string): Pattern | undefined {
  const [, scheme, host, port, rest] = shape.exec(pattern) ?? [];
  // After a final dot the labels would be counted wrong that a `*` may stand for.
  if (scheme === undefined || host === undefined || host.endsWith(".")) return undefined;
  return { scheme, host: host.toLowerCase(), port, rest: rest ?? "" };
}

function parseCandidate(uri: string): Pattern | undefined {
  if (!/^[\x21-\x7E]{1,2048}$/.test(uri) || !URL.canParse(uri)) return undefined;
  const parsed = parse(uri);
  return parsed === undefined || parsed.host.includes("*") || parsed.port === "*" ? undefined : parsed;
}

function sameOrigin(expected: Pattern, actual: Pattern): boolean {
  const port = expected.port === "*" ? actual.port !== undefined : expected.port === actual.port;
  return expected.scheme === actual.scheme && port && glob(expected.host, actual.host);
}

/** A `*` may stand for subdomains, never for (part of) what somebody else could register. */
function coversRegistrableDomain(host: string): boolean {
  if (!host.includes("*")) return false;
  const labels = host.split(".");
  const registrable = getDomain(labels.map((label) => label.replaceAll("*", "x")).join("."), {
    allowPrivateDomains: true,
  });
  if (registrable === null) return true;
  return labels.slice(-registrable.split(".").length).some((label) => label.includes("*"));
}

/** Anchored match of `*` as any run, in linear time: the literal pieces are looked for from left to right. */
function glob(pattern: string, text: string): boolean {
  const pieces = pattern.split("*");
  const first = pieces[0] ?? "";
  if (pieces.length === 1) return pattern === text;
  const last = pieces[pieces.length - 1] ?? "";
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length)
    return false;
  let at = first.length;
  const end = text.length - last.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = text.indexOf(piece, at);
    if (found === -1 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
}
