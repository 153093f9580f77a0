import type {
  AccessToken,
  Account,
  AuthorizationRequest,
  Client,
  Consent,
  FoundCode,
  Grant,
  Resource,
  Transaction,
} from "../oauth/records.ts";
import type { GrantCount, KnownKey } from "../oauth/store.ts";
import type { ClientId, GrantId, ResourceIdentifier, Seconds, SecretHash, Subject } from "../oauth/values.ts";

/*
 * What the rows of both databases mean. They arrive as arrays, which takes half the time of objects, so the order of the columns stands here, beside who reads them.
 * An adapter sees to it that instants arrive as whole seconds since 1970; a column's type is otherwise what the schema says, so nothing is checked
 * again here.
 */

export type Row = readonly unknown[];

/** What was looked for, if a row was found. */
export const found = <T>(row: Row | undefined, read: (row: Row) => T): T | undefined => row && read(row);

/** Nullable text. */
export const text = (value: unknown): string | undefined => (value as string | null) ?? undefined;

/** Text whose absence is the empty string, as in the tables other services read. */
export const filled = (value: unknown): string | undefined => (value as string | null) || undefined;

/** The part of a client that a rotation left, if one did. */
export function toPreviousSecret(secretHash: unknown, until: unknown): Pick<Client, "previousSecret"> {
  if (secretHash === null) return {};
  return { previousSecret: { secretHash: secretHash as SecretHash, until: until as Seconds } };
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

/** The columns of a code or a transaction that hold its authorization request, as {@link requestValues} orders them. */
function toRequest(row: Row, first: number): AuthorizationRequest {
  return {
    clientId: row[first] as ClientId,
    redirectUri: row[first + 1] as string,
    state: text(row[first + 2]),
    codeChallenge: filled(row[first + 3]),
    scope: row[first + 5] as string,
    resource: filled(row[first + 6]) as ResourceIdentifier | undefined,
  };
}

export const transactionColumns = `id, binding_hash, expires_at, subject, email, auth_time,
  client_id, callback_url, callback_state, code_challenge, code_challenge_method, scope, resource`;

export function toTransaction(row: Row): Transaction {
  const subject = text(row[3]) as Subject | undefined;
  return {
    handleHash: row[0] as SecretHash,
    bindingHash: row[1] as SecretHash,
    request: toRequest(row, 6),
    signedIn: subject && { subject, email: row[4] as string, authTime: row[5] as Seconds },
    expiresAt: row[2] as Seconds,
  };
}

export const consentColumns = "subject, client_id, redirect_uri, resource, scope, fingerprint, decided_at";

export function toConsent(row: Row): Consent {
  return {
    subject: row[0] as Subject,
    clientId: row[1] as ClientId,
    redirectUri: row[2] as string,
    resource: filled(row[3]) as ResourceIdentifier | undefined,
    scope: row[4] as string,
    fingerprint: row[5] as string,
    decidedAt: row[6] as Seconds,
  };
}

/** Of a code as issued. */
export const codeColumns = `id, subject, email, auth_time, created_at, expires_at,
  client_id, redirect_uri, state, code_challenge, code_challenge_method, scope, resource`;

export const foundCodeColumns = `${codeColumns}, used, grant_id`;

export function toFoundCode(row: Row): FoundCode {
  return {
    codeHash: row[0] as SecretHash,
    request: toRequest(row, 6),
    subject: row[1] as Subject,
    email: row[2] as string,
    authTime: row[3] as Seconds,
    createdAt: row[4] as Seconds,
    expiresAt: row[5] as Seconds,
    used: Boolean(row[13]),
    grantId: text(row[14]) as GrantId | undefined,
  };
}

export const grantColumns = `id, client_id, subject, email, scope, resource, generation, salt,
  auth_time, created_at, rotated_at, expires_at, ends_at, key_id`;

export function toGrant(row: Row): Grant {
  return {
    id: row[0] as GrantId,
    clientId: row[1] as ClientId,
    subject: row[2] as Subject,
    email: row[3] as string,
    scope: row[4] as string,
    resource: filled(row[5]) as ResourceIdentifier | undefined,
    generation: row[6] as number,
    salt: row[7] as string,
    authTime: row[8] as Seconds,
    createdAt: row[9] as Seconds,
    rotatedAt: row[10] as Seconds,
    expiresAt: row[11] as Seconds,
    endsAt: row[12] as Seconds,
    keyId: (row[13] as number | null) ?? undefined,
  };
}

export const accessTokenColumns =
  "token, email, subject, client_id, grant_id, scope, resource, created_at, expires_at";

export function toAccessToken(row: Row): AccessToken {
  return {
    tokenHash: row[0] as SecretHash,
    email: row[1] as string,
    subject: text(row[2]) as Subject | undefined,
    clientId: text(row[3]) as ClientId | undefined,
    grantId: text(row[4]) as GrantId | undefined,
    scope: text(row[5]),
    resource: filled(row[6]) as ResourceIdentifier | undefined,
    createdAt: row[7] as Seconds,
    expiresAt: row[8] as Seconds,
  };
}

export const accountColumns = "subject, issuer, upstream_subject, email";

export function toAccount(row: Row): Account {
  return {
    subject: row[0] as Subject,
    issuer: row[1] as string,
    upstreamSubject: row[2] as string,
    email: row[3] as string,
  };
}

export const resourceColumns = "identifier, name, scopes, created_at";

export function toResource(row: Row): Resource {
  const scopes = JSON.parse(row[2] as string) as { name: string; sentence?: string }[];
  return {
    identifier: row[0] as ResourceIdentifier,
    name: text(row[1]),
    scopes: scopes.map(({ name, sentence }) => ({ name, sentence })),
    createdAt: row[3] as Seconds,
  };
}

export const knownKeyColumns = "fingerprint, since, started_at";

export function toKnownKey(row: Row): KnownKey {
  return {
    fingerprint: row[0] as string,
    since: (row[1] as Seconds | null) ?? undefined,
    startedAt: (row[2] as Seconds | null) ?? undefined,
  };
}

export const keyCountColumns = "key_id, count(*), count(distinct subject)";

/** @param all the number of people, in one row */
export function toGrantCount(all: Row | undefined, byKey: readonly Row[]): GrantCount {
  return {
    people: Number(all?.[0] ?? 0),
    byKey: byKey.map(([keyId, grants, people]) => ({
      keyId: (keyId as number | null) ?? undefined,
      grants: Number(grants),
      people: Number(people),
    })),
  };
}
