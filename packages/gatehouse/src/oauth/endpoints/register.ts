import { isPublic } from "../clients/client.ts";
import {
  type ClientRegistration,
  describeManagement,
  describeRegistration,
  parseRegistrationBody,
  readRegistration,
} from "../clients/registration.ts";
import { createRegistrationRoom, registrantOf } from "../clients/registration-limits.ts";
import { OAuthError } from "../messages/errors.ts";
import { type OAuthRequest, originOf } from "../messages/request.ts";
import { json } from "../messages/response.ts";
import type { Client } from "../records.ts";
import { portless } from "../redirects/redirect-uri.ts";
import type { Endpoint, Services } from "../services.ts";
import { clientSecretPrefix } from "../tokens/prefixes.ts";
import { hashSecret, mintSecret } from "../tokens/secret.ts";
import type { ClientId } from "../values.ts";

/**
 * Dynamic client registration, RFC 7591 §3. Open to everybody, so that every MCP client can connect; it
 * grants nothing by itself.
 */
export function registerEndpoint(services: Services): Endpoint {
  const makeRoom = createRegistrationRoom(services);
  return async (request) => {
    const sent = parseRegistrationBody(request.json);
    // They matter to a scope alone, and most clients name none.
    const resources = sent.scope === undefined ? [] : await services.store.listResources();
    const registration = readRegistration(sent, resources);
    const registrant = registrantOf(services, request);
    if (!(await makeRoom(registrant))) throw tooMany();
    const { client, secret } = isPublic(registration)
      ? { client: await addPublic(services, request, registration, registrant), secret: undefined }
      : await addConfidential(services, request, registration, registrant);
    emitRegistered(services, request, client);
    return json(201, {
      ...describeRegistration(client),
      // A shared one holds them without ports; each client is told its own (H02).
      redirect_uris: registration.redirectUris,
      ...(secret === undefined ? {} : { client_secret: secret, client_secret_expires_at: 0 }), // H04
      ...describeManagement(services, client),
    });
  };
}

/**
 * Public clients that say exactly the same of themselves, but for the port of a loopback redirect URI, share
 * one record and one identifier: many clients register anew at each connection, from each installation. They
 * lose nothing by it: whoever redeems a code or refreshes a token proves that by PKCE and by the token, never
 * by the identifier.
 */
async function addPublic(
  services: Services,
  request: OAuthRequest,
  registration: ClientRegistration,
  registrant: string,
): Promise<Client> {
  const { clock, store } = services;
  const shareable = { ...registration, redirectUris: portless(registration.redirectUris) };
  const fingerprint = hashSecret(`registration ${JSON.stringify(shareable)}`).slice(0, 22);
  const shared = await store.shareClient(aClient(request, fingerprint, shareable, clock.now()), registrant);
  if (shared !== undefined) return shared;
  // Whoever registered this first has changed it since, and must have it alone.
  return addClient(services, request, registration, registrant);
}

/** A client with a secret or a key has a record to itself. */
async function addConfidential(
  services: Services,
  request: OAuthRequest,
  registration: ClientRegistration,
  registrant: string,
): Promise<{ client: Client; secret: string | undefined }> {
  const secret =
    registration.authMethod === "private_key_jwt"
      ? undefined
      : mintSecret(services.random, clientSecretPrefix);
  return { client: await addClient(services, request, registration, registrant, secret), secret };
}

async function addClient(
  { clock, random, store }: Services,
  request: OAuthRequest,
  registration: ClientRegistration,
  registrant: string,
  secret?: string,
): Promise<Client> {
  const client: Client = {
    ...aClient(request, random.bytes(16).toString("base64url"), registration, clock.now()),
    secretHash: secret === undefined ? undefined : hashSecret(secret),
  };
  await store.addClient(client, registrant);
  return client;
}

function aClient(
  { id: reference }: OAuthRequest,
  name: string,
  registration: ClientRegistration,
  now: Client["createdAt"],
): Client {
  return {
    reference,
    ...registration,
    // Prefixed, so that it is neither a URL nor anybody's subject (H12, T08).
    id: `dyn_${name}` as ClientId,
    secretHash: undefined,
    clearSecret: undefined,
    dynamicallyRegistered: true,
    shared: false,
    createdAt: now,
    lastUsedAt: undefined,
  };
}

/** H21. */
function tooMany(): OAuthError {
  return new OAuthError("slow_down", {
    hint: "too many clients were registered from this address and never used; try again later",
    budget: "registrations",
    headers: { "Retry-After": "600" },
  });
}

function emitRegistered(services: Services, request: OAuthRequest, client: Client): void {
  const { authMethod, grantTypes, metadata, redirectUris, shared } = client;
  const terms = `${grantTypes.join(" ")}, proves itself by ${authMethod}`;
  services.events.emit({
    name: "client_registered",
    ...originOf(request),
    client: client.id,
    redirectUri: redirectUris.join(" "),
    terms: shared ? `${terms}, shared with others who say the same of themselves` : terms,
    detail: metadata.name,
  });
}
