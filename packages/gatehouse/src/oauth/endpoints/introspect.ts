import { type Caller, createCallerAuthentication } from "../clients/introspection-caller.ts";
import { findLiveToken, type LiveToken } from "../grants/live-token.ts";
import { OAuthError } from "../messages/errors.ts";
import { requireForm } from "../messages/parameters.ts";
import { json } from "../messages/response.ts";
import type { Endpoint, Services } from "../services.ts";

const inactive = { active: false } as const;

/** Token introspection, RFC 7662. */
export function introspectEndpoint(services: Services): Endpoint {
  const authenticateCaller = createCallerAuthentication(services);
  return async (request) => {
    const token = request.form?.get("token");
    // Both look-ups at once: nothing of the token is told before it is known who asks.
    const [caller, found] = await Promise.all([
      authenticateCaller(request),
      token === undefined ? undefined : findLiveToken(services, token),
    ]);
    requireForm(request.form);
    if (token === undefined) {
      if (caller === "operator") return json(200, inactive); // LEGACY J03
      throw new OAuthError("invalid_request", { hint: "token is missing" });
    }
    if (found === undefined || !mayLearnOf(caller, found)) return json(200, inactive); // J04, J06
    return json(200, describe(services, caller, found));
  };
}

function mayLearnOf(caller: Caller, token: LiveToken): boolean {
  return caller === "operator" || token.resource === caller.identifier;
}

/**
 * RFC 7662 §2.2. The operator's callers know people by e-mail address (KEEP, J11), resource servers by a
 * stable opaque subject.
 */
function describe({ settings }: Services, caller: Caller, token: LiveToken): Record<string, unknown> {
  return {
    active: true,
    sub: caller === "operator" ? token.email : (token.subject ?? token.email),
    username: token.email,
    token_type: "Bearer",
    exp: token.expiresAt,
    client_id: token.clientId,
    scope: token.scope || undefined,
    aud: token.resource,
    iss: settings.issuer,
    iat: token.createdAt,
  };
}
