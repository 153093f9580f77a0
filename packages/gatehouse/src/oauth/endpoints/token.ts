import { authenticateClient } from "../clients/authentication.ts";
import { policyOf } from "../clients/policy.ts";
import { grantTypeNames, isGrantTypeName } from "../grant-types.ts";
import type { GrantType } from "../grants/grant-type.ts";
import { grantTypes } from "../grants/registry.ts";
import { OAuthError } from "../messages/errors.ts";
import { requireForm } from "../messages/parameters.ts";
import { json } from "../messages/response.ts";
import type { Client } from "../records.ts";
import type { Endpoint, Services } from "../services.ts";

/**
 * The token endpoint, OAuth 2.1 §3.2. Only the form counts: parameters in the URL are not looked at (E04).
 */
export function tokenEndpoint(services: Services): Endpoint {
  return async (request) => {
    const form = requireForm(request.form);
    const named = form.get("grant_type");
    const begun = named === undefined ? undefined : lookUp(named)(services, request, form);
    const client = await authenticateClient(services, request, form);
    const respond = begun ?? legacyDefault(client)(services, request, form);
    if (!client.grantTypes.includes(named ?? "authorization_code")) {
      throw new OAuthError("unauthorized_client", {
        hint: "the client is not registered for this grant type",
      });
    }
    return json(200, await respond(client));
  };
}

function lookUp(name: string): GrantType {
  if (isGrantTypeName(name)) return grantTypes[name];
  const hint = `grant_type must be one of ${grantTypeNames.join(", ")}`;
  throw new OAuthError("unsupported_grant_type", { hint }); // E05
}

/** E19: the old web client sends no `grant_type`. */
function legacyDefault(client: Client): GrantType {
  if (policyOf(client).grantType === "required")
    throw new OAuthError("invalid_request", { hint: "grant_type is missing" });
  return lookUp("authorization_code");
}
