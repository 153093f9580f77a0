import { OAuthError } from "./messages/errors.ts";
import type { Resource, Standing } from "./records.ts";

/**
 * Asks for a refresh token. Clients registered for one get it anyway; the scope is granted so that nobody
 * misses it.
 */
export const offlineAccess = "offline_access";
/**
 * Scopes that one request may name though its resource does not declare them: more would only bury the page.
 */
const maxUndeclaredScopes = 50;
/** Scopes of the login itself, not of a resource: asked for by habit, never refused. */
const loginScopes = new Set([offlineAccess, "openid", "email", "profile"]);

/** Whether a scope is of the login, so that no resource's metadata or challenge names it (U11). */
export const isLoginScope = (scope: string): boolean => loginScopes.has(scope);

/**
 * The scope tokens of a request parameter, each once. Throws `invalid_scope` on a forbidden character (RFC
 * 6749 §3.3, B15).
 */
export function parseScope(scope: string): string[] {
  const tokens = scope.split(" ").filter((token) => token !== "");
  if (!tokens.every((token) => /^[\x21\x23-\x5B\x5D-\x7E]+$/.test(token))) {
    throw new OAuthError("invalid_scope", { hint: "scope holds a character that is not allowed" });
  }
  return [...new Set(tokens)];
}

/**
 * What of the requested scope can be granted for this resource: unknown scopes are dropped, and the token
 * response says what is left (RFC 6749 §3.3, L07). Whoever asks for none of the resource's scopes gets its
 * default ones, and all but the optional ones when none is marked so: the person sees the list and decides.
 * Throws `invalid_scope` where a request names dozens that nobody declared.
 */
export function grantableScope(
  requested: string | undefined,
  resource: Resource | undefined,
  refreshable: boolean,
): string {
  const asked = parseScope(requested ?? "");
  const known = resource?.scopes.map(({ name }) => name) ?? [];
  const wanted = asked.filter((token) => !loginScopes.has(token));
  if (wanted.filter((token) => !known.includes(token)).length > maxUndeclaredScopes) {
    throw new OAuthError("invalid_scope", { hint: "too many scopes that the resource does not declare" });
  }
  const defaults = resource?.scopes.filter(({ isDefault }) => isDefault).map(({ name }) => name) ?? [];
  const usual = resource?.scopes.filter(({ isOptional }) => !isOptional).map(({ name }) => name) ?? [];
  const granted =
    known.length === 0 || wanted.length === 0
      ? [...wanted, ...(defaults.length > 0 ? defaults : usual)]
      : wanted.filter((token) => known.includes(token));
  if (refreshable && asked.includes(offlineAccess)) granted.push(offlineAccess);
  return granted.join(" ");
}

/**
 * What of a granted scope is still to be had: a scope that was taken from its resource is gone from every
 * grant at once (Y19). Comes back with it, because the person did allow it.
 */
export function remainingScope(granted: string, standing: Standing | undefined): string {
  const scopes = standing?.scopes;
  if (scopes === undefined) return granted;
  return granted
    .split(" ")
    .filter((token) => loginScopes.has(token) || scopes.includes(token))
    .join(" ");
}

/**
 * The scope of one refresh: a part of what was granted (G07), the whole when none is asked for. Login scopes
 * are ignored: some clients repeat what they requested, not what they got; and so is what was granted once,
 * and taken since (V44).
 */
export function narrowScope(granted: string, requested: string | undefined, taken?: string): string {
  if (requested === undefined) return granted;
  const allowed = parseScope(granted);
  const named = parseScope(requested).filter((token) => !loginScopes.has(token));
  const gone = taken === undefined ? [] : parseScope(taken).filter((token) => !allowed.includes(token));
  const asked = named.filter((token) => !gone.includes(token));
  if (asked.length === 0 && named.length > 0) throw nothingLeft();
  if (!asked.every((token) => allowed.includes(token))) {
    throw new OAuthError("invalid_scope", { hint: "scope exceeds what was granted" });
  }
  return asked.length === 0
    ? granted
    : allowed.filter((token) => asked.includes(token) || loginScopes.has(token)).join(" ");
}

/** Rules took all of what is asked for. */
export function nothingLeft(): OAuthError {
  return new OAuthError("invalid_scope", { hint: "nothing of that scope can be had any more" });
}
