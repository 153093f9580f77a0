import type { AuthorizationRequest } from "../../oauth/records.ts";
import type { ClientId, ResourceIdentifier } from "../../oauth/values.ts";
import { filled, type Row } from "./row.ts";

/** The columns of a code or a transaction that hold its authorization request, under the names both tables share. */
export function toRequest(row: Row, redirectUri: string, state: string | undefined): AuthorizationRequest {
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
