import { registrationUrlOf } from "../messages/endpoint-urls.ts";
import { readJsonObject } from "../messages/json-object.ts";
import type { Client, ClientKeys, ClientMetadata, Resource, TokenEndpointAuthMethod } from "../records.ts";
import { offlineAccess, parseScope } from "../scope.ts";
import type { Services } from "../services.ts";
import { registrationTokenOf } from "../tokens/registration-token.ts";
import { type DescribedClient, invalidMetadata, readClientMetadata, withoutAbsent } from "./metadata.ts";

/** As much as a client may say of itself in a document (I10): strangers fill our disk with it. */
const maxStoredBytes = 5 * 1024;

/** What of a registration this server will enforce. */
export interface ClientRegistration {
  readonly redirectUris: readonly string[];
  readonly grantTypes: readonly string[];
  readonly scope: string | undefined;
  readonly authMethod: TokenEndpointAuthMethod;
  readonly keys: ClientKeys | undefined;
  readonly metadata: ClientMetadata;
}

/** The body of a registration or update request, as an object. Throws `invalid_client_metadata`. */
export function parseRegistrationBody(body: string | undefined): Record<string, unknown> {
  if (body === undefined) throw invalidMetadata("expected application/json"); // H01
  const read = readJsonObject(body);
  if ("problem" in read) throw invalidMetadata(read.problem);
  return read.object;
}

/**
 * Validates what a client wants to register as, RFC 7591 §2. Throws `invalid_client_metadata` or
 * `invalid_redirect_uri`.
 */
export function readRegistration(
  sent: Record<string, unknown>,
  resources: readonly Resource[],
): ClientRegistration {
  const { redirectUris, grantTypes, scope, metadata, ...described } = readClientMetadata(sent);
  const authMethod = chooseAuthMethod(described);
  const registration: ClientRegistration = {
    redirectUris,
    grantTypes,
    scope: usableScope(scope, resources),
    authMethod,
    keys: authMethod === "private_key_jwt" ? described.keys : undefined,
    metadata: described.authMethod === undefined ? { ...metadata, namedNoAuthMethod: true } : metadata,
  };
  const bytes = Buffer.byteLength(JSON.stringify(registration));
  if (bytes > maxStoredBytes) {
    throw invalidMetadata(`the registration has ${bytes} bytes, at most ${maxStoredBytes} are kept`); // H21
  }
  return registration;
}

/** The client information response, RFC 7591 §3.2.1: all that was registered, nothing empty (H02). */
export function describeRegistration(client: Client): Record<string, unknown> {
  const { keys, metadata } = client;
  return withoutAbsent({
    client_id: client.id,
    client_id_issued_at: client.createdAt,
    client_name: metadata.name,
    client_uri: metadata.uri,
    logo_uri: metadata.logoUri,
    policy_uri: metadata.policyUri,
    tos_uri: metadata.termsUri,
    contacts: metadata.contacts,
    software_id: metadata.softwareId,
    software_version: metadata.softwareVersion,
    application_type: metadata.applicationType,
    redirect_uris: client.redirectUris,
    grant_types: client.grantTypes,
    response_types: ["code"],
    token_endpoint_auth_method: client.authMethod,
    token_endpoint_auth_signing_alg: keys?.algorithm,
    jwks: keys?.jwks,
    jwks_uri: keys?.uri,
    scope: client.scope,
  });
}

/**
 * H03: whoever names none gets the default of RFC 7591 §2, and with it a secret. A-n5: what is not advertised
 * is refused.
 */
function chooseAuthMethod({ authMethod = "client_secret_basic" }: Pick<DescribedClient, "authMethod">) {
  switch (authMethod) {
    case "none":
    case "client_secret_basic":
    case "client_secret_post":
    case "private_key_jwt":
      return authMethod;
    default:
      throw invalidMetadata("token_endpoint_auth_method is not one this server supports");
  }
}

function readScope(scope = ""): string[] {
  try {
    return parseScope(scope);
  } catch {
    throw invalidMetadata("scope holds a character that is not allowed");
  }
}

/** H15: cut to what the configured resources know; everything, as long as none of them says what it knows. */
function usableScope(scope: string | undefined, resources: readonly Resource[]): string | undefined {
  const asked = readScope(scope);
  const known = resources.flatMap((resource) => resource.scopes.map(({ name }) => name));
  const usable =
    known.length === 0 ? asked : asked.filter((token) => token === offlineAccess || known.includes(token));
  return usable.join(" ") || undefined;
}

/** Where and with what a client manages its registration, RFC 7592 §3 (H16). */
export function describeManagement({ settings }: Services, client: Client): Record<string, string> {
  return {
    registration_client_uri: `${registrationUrlOf(settings.issuer)}?client_id=${encodeURIComponent(client.id)}`,
    registration_access_token: registrationTokenOf(client, settings),
  };
}
