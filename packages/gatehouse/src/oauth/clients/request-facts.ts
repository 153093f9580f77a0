import type { OAuthRequest } from "../messages/request.ts";
import type { AuditEvent } from "../ports.ts";
import type { AuthorizationRequest } from "../records.ts";
import { readBasic } from "./authentication.ts";

/**
 * What the log says of a request beside what went wrong, so that whoever runs the server can tell whose it
 * was and what it asked for.
 */
export type RequestFacts = Pick<
  AuditEvent,
  "request" | "address" | "client" | "redirectUri" | "resource" | "scope" | "userAgent"
>;

/**
 * Of a request what names its sender and its wish, as it claims; never `state`, codes, tokens or anything
 * else that is a secret or leads to one (S09).
 * @param stored what its attempt was begun with, where it has one: then that counts
 */
export function factsOf(request: OAuthRequest, stored?: AuthorizationRequest): RequestFacts {
  const { address, headers } = request;
  const origin = { request: request.id, address, userAgent: headers.userAgent };
  if (stored !== undefined) {
    const { clientId: client, redirectUri, resource, scope } = stored;
    return { ...origin, client, redirectUri: withoutValues(redirectUri), resource, scope };
  }
  const sent = request.form ?? request.query;
  const basic = headers.authorization === undefined ? undefined : readBasic(headers.authorization);
  const redirectUri = sent.get("redirect_uri");
  const resources = sent.all("resource").map(withoutValues).join(" ");
  return {
    ...origin,
    client: sent.get("client_id") ?? basic?.clientId,
    redirectUri: redirectUri && withoutValues(redirectUri),
    resource: resources || undefined,
    scope: sent.get("scope"),
  };
}

/** A URI of a stranger as people may read it: short, and nothing in it that looks like something else. */
export function shownUri(uri: string): string {
  const harmless = withoutValues(uri).replace(/[^\x21-\x7E]/g, "?");
  return harmless.length > 200 ? `${harmless.slice(0, 200)}…` : harmless;
}

/**
 * A URI of a stranger, without the places where a credential may stand: user information, values in the
 * query, and the fragment.
 */
export function withoutValues(uri: string): string {
  const [, before = "", query] = /^([^?#]*)(?:\?([^#]*))?/s.exec(uri) ?? [];
  const address = before.replace(/^([^/]*:\/\/)[^/]*@/, "$1…@");
  if (query === undefined) return address;
  return `${address}?${query.replace(/=[^&]*/g, "=…")}`;
}
