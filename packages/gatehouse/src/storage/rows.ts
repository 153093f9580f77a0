import type {
  AccessToken,
  Account,
  AuthorizationRequest,
  Consent,
  FoundCode,
  Grant,
  Resource,
  Transaction,
} from "../oauth/records.ts";
import type { ClientId, GrantId, ResourceIdentifier, Seconds, SecretHash, Subject } from "../oauth/values.ts";

/*
 * What the rows of both databases mean. An adapter sees to it that instants arrive as whole seconds since 1970; a column's type is otherwise what the
 * schema says, so nothing is checked again here.
 */

export type Row = Readonly<Record<string, unknown>>;

/** What was looked for, if a row was found. */
export const found = <T>(row: Row | undefined, read: (row: Row) => T): T | undefined => row && read(row);

/** Nullable text. */
export const text = (value: unknown): string | undefined => (value as string | null) ?? undefined;

/** Text whose absence is the empty string, as in the tables other services read. */
export const filled = (value: unknown): string | undefined => (value as string | null) || undefined;

/** The columns of a code or a transaction that hold its authorization request, under the names both tables share. */
function toRequest(row: Row, redirectUri: string, state: string | undefined): AuthorizationRequest {
  return {
    clientId: row.client_id as ClientId,
    redirectUri,
    state,
    codeChallenge: filled(row.code_challenge),
    scope: row.scope as string,
    resource: filled(row.resource) as ResourceIdentifier | undefined,
  };
}

/** Values for `client_id, redirect URI, state, code_challenge, code_challenge_method, scope, resource`, in this order. */
export function requestValues(request: AuthorizationRequest): (string | null)[] {
  return [
    request.clientId,
    request.redirectUri,
    request.state ?? null,
    request.codeChallenge ?? "",
    request.codeChallenge === undefined ? "" : "S256",
    request.scope,
    request.resource ?? "",
  ];
}

export function toTransaction(row: Row): Transaction {
  const subject = text(row.subject) as Subject | undefined;
  return {
    handleHash: row.id as SecretHash,
    bindingHash: row.binding_hash as SecretHash,
    request: toRequest(row, row.callback_url as string, text(row.callback_state)),
    signedIn: subject && { subject, email: row.email as string, authTime: row.auth_time as Seconds },
    expiresAt: row.expires_at as Seconds,
  };
}

export function toConsent(row: Row): Consent {
  return {
    subject: row.subject as Subject,
    clientId: row.client_id as ClientId,
    redirectUri: row.redirect_uri as string,
    resource: filled(row.resource) as ResourceIdentifier | undefined,
    scope: row.scope as string,
    fingerprint: row.fingerprint as string,
    decidedAt: row.decided_at as Seconds,
  };
}

export function toFoundCode(row: Row): FoundCode {
  return {
    codeHash: row.id as SecretHash,
    request: toRequest(row, row.redirect_uri as string, text(row.state)),
    subject: row.subject as Subject,
    email: row.email as string,
    authTime: row.auth_time as Seconds,
    createdAt: row.created_at as Seconds,
    expiresAt: row.expires_at as Seconds,
    used: Boolean(row.used),
    grantId: text(row.grant_id) as GrantId | undefined,
  };
}

export function toGrant(row: Row): Grant {
  return {
    id: row.id as GrantId,
    clientId: row.client_id as ClientId,
    subject: row.subject as Subject,
    email: row.email as string,
    scope: row.scope as string,
    resource: filled(row.resource) as ResourceIdentifier | undefined,
    generation: row.generation as number,
    salt: row.salt as string,
    authTime: row.auth_time as Seconds,
    createdAt: row.created_at as Seconds,
    rotatedAt: row.rotated_at as Seconds,
    expiresAt: row.expires_at as Seconds,
    endsAt: row.ends_at as Seconds,
  };
}

export function toAccessToken(row: Row): AccessToken {
  return {
    tokenHash: row.token as SecretHash,
    email: row.email as string,
    subject: text(row.subject) as Subject | undefined,
    clientId: text(row.client_id) as ClientId | undefined,
    grantId: text(row.grant_id) as GrantId | undefined,
    scope: text(row.scope),
    resource: filled(row.resource) as ResourceIdentifier | undefined,
    createdAt: row.created_at as Seconds,
    expiresAt: row.expires_at as Seconds,
  };
}

export function toAccount(row: Row): Account {
  return {
    subject: row.subject as Subject,
    issuer: row.issuer as string,
    upstreamSubject: row.upstream_subject as string,
    email: row.email as string,
  };
}

export function toResource(row: Row): Resource {
  const scopes = JSON.parse(row.scopes as string) as { name: string; sentence?: string }[];
  return {
    identifier: row.identifier as ResourceIdentifier,
    name: text(row.name),
    scopes: scopes.map(({ name, sentence }) => ({ name, sentence })),
    createdAt: row.created_at as Seconds,
  };
}
