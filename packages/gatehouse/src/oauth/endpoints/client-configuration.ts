import { isPublic } from "../clients/client.ts";
import { invalidMetadata } from "../clients/metadata.ts";
import {
  describeManagement,
  describeRegistration,
  parseRegistrationBody,
  readRegistration,
} from "../clients/registration.ts";
import { OAuthError } from "../messages/errors.ts";
import { type OAuthRequest, originOf } from "../messages/request.ts";
import { json, noStore } from "../messages/response.ts";
import type { Client } from "../records.ts";
import type { Endpoint, Services } from "../services.ts";
import { isRegistrationTokenOf } from "../tokens/registration-token.ts";
import { equalSecrets, hashSecret } from "../tokens/secret.ts";

/*
 * The client configuration endpoint, RFC 7592: a client that registered itself reads, changes and removes its
 * registration, with the token it got then. Who shares a registration with others may only read it: anybody
 * can register the same once more, and must not have power over the rest.
 */

/** `GET` (H16). */
export function readClientEndpoint(services: Services): Endpoint {
  return async (request) => json(200, describe(services, await authenticate(services, request)));
}

/** `PUT` (H18): what is left out is reset. */
export function updateClientEndpoint(services: Services): Endpoint {
  return async (request) => {
    const client = await authenticate(services, request);
    const sent = parseRegistrationBody(request.json);
    checkManagedMembers(client, sent);
    const registration = readRegistration(sent, await services.store.listResources());
    const keepsItsKind =
      registration.authMethod === client.authMethod ||
      (client.secretHash !== undefined && /^client_secret_/.test(registration.authMethod));
    if (!keepsItsKind) throw invalidMetadata("token_endpoint_auth_method cannot change; register anew");
    const changed: Client = { ...client, ...registration };
    if (!(await services.store.replaceClient(changed, "unlessShared"))) throw shared();
    services.events.emit({ name: "client_updated", ...originOf(request), client: client.id });
    return json(200, describe(services, changed));
  };
}

/** `DELETE` (H19): with the client everything that was granted to it ends. */
export function deleteClientEndpoint(services: Services): Endpoint {
  return async (request) => {
    const client = await authenticate(services, request);
    if (!(await services.store.removeClient(client.id, "unlessShared"))) throw shared();
    await services.events.record({ name: "client_removed", ...originOf(request), client: client.id });
    return { status: 204, headers: noStore };
  };
}

/** H17: for a missing, wrong or foreign token and for an unknown client alike. */
async function authenticate({ settings, store }: Services, request: OAuthRequest): Promise<Client> {
  const [, token] = /^bearer +(\S+)$/i.exec(request.headers.authorization ?? "") ?? [];
  const client = await store.findClient(request.query.get("client_id") ?? "");
  if (token === undefined || client === undefined || !client.dynamicallyRegistered) throw unauthenticated();
  if (!isRegistrationTokenOf(client, token, settings)) throw unauthenticated();
  return client;
}

/**
 * H18: what the server decides cannot be sent; `client_id` must be, and a secret that is sent must be the
 * right one.
 */
function checkManagedMembers(client: Client, sent: Record<string, unknown>): void {
  if (sent.client_id !== client.id) throw invalidMetadata("client_id must be that of this registration");
  const managed = [
    "registration_access_token",
    "registration_client_uri",
    "client_secret_expires_at",
    "client_id_issued_at",
  ].find((name) => name in sent);
  if (managed !== undefined) throw invalidMetadata(`${managed} must not be sent`);
  if (sent.client_secret === undefined) return;
  const genuine = typeof sent.client_secret === "string" && client.secretHash !== undefined;
  if (!genuine || !equalSecrets(hashSecret(String(sent.client_secret)), client.secretHash)) {
    throw invalidMetadata("client_secret differs from the current one");
  }
}

function describe(services: Services, client: Client): Record<string, unknown> {
  // The secret is not stored, so it cannot be told again.
  const expiry = isPublic(client) || client.secretHash === undefined ? {} : { client_secret_expires_at: 0 };
  return { ...describeRegistration(client), ...expiry, ...describeManagement(services, client) };
}

function shared(): OAuthError {
  return new OAuthError("access_denied", {
    hint: "identical clients share this registration, so none of them may change it; register anew instead",
  });
}

function unauthenticated(): OAuthError {
  return new OAuthError("invalid_token", {
    hint: "the registration access token is missing or wrong",
    headers: { "WWW-Authenticate": 'Bearer realm="gatehouse"' },
  });
}
