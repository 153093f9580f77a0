import { RE2JS } from "re2js";
import { getDomain } from "tldts";

/*
 * LEGACY: redirect patterns in the wider dialect that the old service came to use, `regexp:` and a regular expression in the syntax of RE2
 * (compatibility.md). Scheme, authority and the rest are matched apart and anchored, by an engine that takes linear time.
 */

const prefix = "regexp:";

interface Expression {
  readonly schemes: readonly string[];
  readonly authority: string;
  /** Matches all that follows the authority. */
  readonly rest: string;
}

/** A redirect URI taken apart: scheme, host in lower case with port, and the rest. */
export interface SplitUri {
  readonly scheme: string;
  readonly host: string;
  readonly port: string | undefined;
  readonly rest: string;
}

/**
 * What stands behind the prefix, when it is no expression but a pattern of the narrower dialect, carried over as it was: nobody means "any number of
 * slashes" by `https://*.example.com/*`.
 */
export function asGlob(pattern: string): string | undefined {
  const text = pattern.slice(prefix.length);
  return isRedirectRegexp(pattern) && !/[\\[\](){}+^$|]|\.\*/.test(text) ? text : undefined;
}

export function isRedirectRegexp(pattern: string): boolean {
  return pattern.startsWith(prefix);
}

/** Whether the expression admits the URI. What cannot be taken apart, or is malformed, admits nothing (B28). */
export function matchesRedirectRegexp(pattern: string, uri: SplitUri): boolean {
  return parse(pattern).some(
    (expression) => matchesOrigin(expression, uri) && isMatch(expression.rest, uri.rest),
  );
}

/** Whether the URI lies on an origin the expression admits. */
export function matchesRegexpOrigin(pattern: string, uri: SplitUri): boolean {
  return parse(pattern).some((expression) => matchesOrigin(expression, uri));
}

function matchesOrigin({ schemes, authority }: Expression, { scheme, host, port }: SplitUri): boolean {
  return (
    schemes.includes(scheme) &&
    namesRegistrableDomain(authority, host) &&
    isMatch(authority, port === undefined ? host : `${host}:${port}`)
  );
}

const schemePart = /^(https\?|https|http|\((?:\?:)?(?:http\|https|https\|http)\)):(?:\/\/|\\\/\\\/)/;

/** Each of the alternatives that can be taken apart. */
function parse(pattern: string): Expression[] {
  if (!/^[\x21-\x7E]{1,2048}$/.test(pattern)) return [];
  return splitAtBars(pattern.slice(prefix.length))
    .map(parseAlternative)
    .filter((expression) => expression !== undefined);
}

function parseAlternative(alternative: string): Expression | undefined {
  const text = alternative.replace(/^\^/, "").replace(/(?<!\\)\$$/, "");
  const [whole, scheme] = schemePart.exec(text) ?? [];
  if (whole === undefined || scheme === undefined) return undefined;
  const schemes = scheme === "http" || scheme === "https" ? [scheme] : ["http", "https"];
  const after = text.slice(whole.length);
  const end = endOfAuthority(after);
  if (end === undefined) return undefined;
  if (end < after.length) return { schemes, authority: after.slice(0, end), rest: after.slice(end) };
  // A last `.*` meant any path; it must not mean any host.
  const open = /(?<!\\)\.\*$/.exec(after);
  return open === null
    ? { schemes, authority: after, rest: "" }
    : { schemes, authority: after.slice(0, open.index), rest: "(?:[/?].*)?" };
}

/** Where the first slash or question mark stands that is no part of a group or class; `undefined` when one is, for then nobody can tell. */
function endOfAuthority(text: string): number | undefined {
  for (const { at, character, escaped, nested } of read(text)) {
    if (character === "/" || (escaped && character === "?")) {
      return nested ? undefined : at - (escaped ? 1 : 0);
    }
  }
  return text.length;
}

function splitAtBars(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (const { at, character, escaped, nested } of read(text)) {
    if (character !== "|" || escaped || nested) continue;
    parts.push(text.slice(start, at));
    start = at + 1;
  }
  return [...parts, text.slice(start)];
}

/** The characters of an expression, each with whether it is escaped and whether it stands in a group or class. */
function* read(
  text: string,
): Generator<{ at: number; character: string | undefined; escaped: boolean; nested: boolean }> {
  let depth = 0;
  let inClass = false;
  for (let at = 0; at < text.length; at++) {
    const escaped = text[at] === "\\";
    if (escaped) at++;
    const character = text[at];
    yield { at, character, escaped, nested: depth > 0 || inClass };
    if (escaped) continue;
    if (inClass) inClass = character !== "]";
    else if (character === "[") inClass = true;
    else if (character === "(") depth++;
    else if (character === ")") depth--;
  }
}

const portPart = /(?::(?:\d+|\\d\+|\[0-9\]\+)|\((?:\?:)?:(?:\d+|\\d\+|\[0-9\]\+)\)\??)$/;

/** What somebody else could register must stand there letter by letter: the registrable domain, or a host that has none. */
function namesRegistrableDomain(authority: string, host: string): boolean {
  const literal = authority.replace(portPart, "").replaceAll(/\\([.-])/g, "$1");
  const registrable = getDomain(host, { allowPrivateDomains: true });
  return registrable === null
    ? literal === host
    : literal === registrable || literal.endsWith(`.${registrable}`);
}

function isMatch(expression: string, text: string): boolean {
  try {
    return RE2JS.matches(expression, text);
  } catch {
    return false; // malformed: denies
  }
}
