import { RE2JS } from "re2js";
import { getDomain } from "tldts";
import { type Expression, parsePattern } from "./legacy-expression.ts";

/*
 * LEGACY: the redirect patterns of operator-provisioned `client_secret_post` clients (docs/compatibility.md),
 * in one dialect with and without the prefix `regexp:`. Scheme, authority and the rest are matched apart and
 * anchored, so that a `*` never crosses from one into the next (B27, B28), by an engine that takes linear
 * time. What is malformed, or cannot be taken apart, admits nothing.
 */

/**
 * A redirect URI taken apart: host in lower case, and the rest from the first `/` or `?` on; may be empty.
 */
interface Candidate {
  readonly scheme: string;
  readonly host: string;
  readonly port: string | undefined;
  readonly rest: string;
}

const printable = /^[\x21-\x7E]{1,2048}$/;
const candidateShape = /^(https?):\/\/([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?([/?][^#\\]*)?$/;

/**
 * Whether an operator's pattern admits anything at all.
 * @returns why it admits nothing, or `undefined`
 */
export function checkRedirectPattern(pattern: string): string | undefined {
  if (!printable.test(pattern)) return "must be 1 to 2048 printable ASCII characters";
  const problems = parsePattern(pattern).map(findProblem);
  // One alternative is enough.
  return problems.includes(undefined) ? undefined : problems[0];
}

/**
 * Whether the pattern admits the URI: http or https with a host, no userinfo, backslash, control character or
 * fragment (B28).
 */
export function matchesRedirectPattern(pattern: string, uri: string): boolean {
  const candidate = parseCandidate(uri);
  if (candidate === undefined) return false;
  // A URI that the operator wrote out, with the question mark of its query.
  if (pattern === uri) return checkRedirectPattern(pattern) === undefined;
  return expressionsOf(pattern).some(
    (expression) => matchesOrigin(expression, candidate) && isMatch(expression.rest, candidate.rest),
  );
}

/** Whether the URI lies on an origin the pattern admits: for the LEGACY `GET /revoke` (K10). */
export function matchesPatternOrigin(pattern: string, uri: string): boolean {
  const candidate = parseCandidate(uri);
  if (candidate === undefined) return false;
  return expressionsOf(pattern).some((expression) => matchesOrigin(expression, candidate));
}

function expressionsOf(pattern: string): Expression[] {
  if (!printable.test(pattern)) return [];
  return parsePattern(pattern).filter((expression) => expression !== undefined);
}

function findProblem(expression: Expression | undefined): string | undefined {
  if (expression === undefined)
    return "must read http(s)://host/path without fragment or user information; * may stand in host, port, path and query";
  const { host, authority, rest } = expression;
  if (/[@#]/.test(authority) || rest.includes("#")) return "must not hold user information or a fragment";
  if (/^\.|\.\.|\.$/.test(host))
    return "asks for a host with an empty label: a . is literal here, and * alone is any run";
  if (coversRegistrableDomain(host))
    return "a * in the host may only stand left of a registrable domain, as in https://*.example.com/";
  return [authority, rest].every(compiles) ? undefined : "is not an expression that RE2 knows";
}

function parseCandidate(uri: string): Candidate | undefined {
  if (!printable.test(uri) || !URL.canParse(uri)) return undefined;
  const [, scheme, host, port, rest = ""] = candidateShape.exec(uri) ?? [];
  // After a final dot the labels would be counted wrong that a `*` may stand for.
  return scheme === undefined || host === undefined || host.endsWith(".")
    ? undefined
    : { scheme, host: host.toLowerCase(), port, rest };
}

function matchesOrigin({ schemes, authority, host }: Expression, candidate: Candidate): boolean {
  const { scheme, port } = candidate;
  return (
    schemes.includes(scheme) &&
    namesRegistrableDomain(host, candidate.host) &&
    isMatch(authority, port === undefined ? candidate.host : `${candidate.host}:${port}`)
  );
}

/**
 * What somebody else could register must stand there letter by letter: the registrable domain, or a host that
 * has none.
 */
function namesRegistrableDomain(written: string, host: string): boolean {
  const registrable = getDomain(host, { allowPrivateDomains: true });
  return registrable === null
    ? written === host
    : written === registrable || written.endsWith(`.${registrable}`);
}

/** The same of any host: whether what stands letter by letter at the end is too little. */
function coversRegistrableDomain(written: string): boolean {
  const [literal = ""] = /[a-z0-9.-]*$/.exec(written) ?? [];
  if (written === "") return true;
  if (literal === written || /^\[[0-9a-f:.]+\]$/.test(written)) return false;
  const dot = literal.indexOf(".");
  return dot === -1 || getDomain(literal.slice(dot + 1), { allowPrivateDomains: true }) === null;
}

function compiles(expression: string): boolean {
  try {
    RE2JS.compile(expression);
    return true;
  } catch {
    return false;
  }
}

function isMatch(expression: string, text: string): boolean {
  try {
    return RE2JS.matches(expression, text);
  } catch {
    return false; // malformed: denies
  }
}
