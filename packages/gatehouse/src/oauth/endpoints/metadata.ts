import { callerAuthMethods } from "../clients/introspection-caller.ts";
import { assertionAlgorithms } from "../clients/metadata.ts";
import { grantTypeNames } from "../grant-types.ts";
import type { OAuthResponse } from "../messages/response.ts";
import { offlineAccess } from "../scope.ts";
import type { Endpoint, Services } from "../services.ts";
import type { Settings } from "../settings.ts";

/** {@link metadataDocument}, which is the same for everybody, so it is written once. */
export function metadataEndpoint({ settings }: Services): Endpoint {
  const response: OAuthResponse = {
    status: 200,
    headers: { "Content-Type": "application/json", "Cache-Control": "public, max-age=3600" },
    body: metadataDocument(settings),
  };
  return async () => response;
}

/**
 * The authorization server's metadata, RFC 8414 §2, as JSON text. Every URL is built from the configured
 * issuer, never from the request (A-n1); every member is true of this server as it runs (A13).
 */
export function metadataDocument(settings: Settings): string {
  const { issuer } = settings;
  const clientAuthMethods = ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"];
  return JSON.stringify({
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    registration_endpoint: `${issuer}/register`,
    revocation_endpoint: `${issuer}/revoke`,
    introspection_endpoint: `${issuer}/introspect`,
    response_types_supported: ["code"],
    response_modes_supported: ["query"],
    grant_types_supported: grantTypeNames,
    code_challenge_methods_supported: ["S256"],
    token_endpoint_auth_methods_supported: clientAuthMethods,
    token_endpoint_auth_signing_alg_values_supported: assertionAlgorithms, // A10
    revocation_endpoint_auth_methods_supported: clientAuthMethods,
    revocation_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
    introspection_endpoint_auth_methods_supported: callerAuthMethods,
    // Resource scopes are named by the MCP servers' own challenges: a longer list here is asked for as a
    // whole by some clients.
    scopes_supported: [offlineAccess],
    authorization_response_iss_parameter_supported: true,
    ...(settings.clientDocuments.enabled ? { client_id_metadata_document_supported: true } : {}),
  });
}
