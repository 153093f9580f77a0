import { OAuthError, tooManyFailures } from "../messages/errors.ts";
import { requireForm } from "../messages/parameters.ts";
import type { OAuthRequest } from "../messages/request.ts";
import { json } from "../messages/response.ts";
import type { AccessToken, Resource } from "../records.ts";
import type { Endpoint, Services } from "../services.ts";
import { isAccessTokenShaped } from "../tokens/access-token.ts";
import { resourceCredentialPrefix } from "../tokens/prefixes.ts";
import { equalSecrets, hashSecret, isUnguessable } from "../tokens/secret.ts";

/** Who asks: the operator, who may see every token, or one resource server, which sees only its own. */
type Caller = "operator" | Resource;

const inactive = { active: false } as const;

/** Token introspection, RFC 7662. */
export function introspectEndpoint(services: Services): Endpoint {
  return async (request) => {
    const token = request.form?.get("token");
    // Both look-ups at once: nothing of the token is told before it is known who asks.
    const [caller, found] = await Promise.all([
      authenticateCaller(services, request),
      findToken(services, token),
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

/** No client's identifier: those have no space. */
const guessTarget = "introspection token";

async function authenticateCaller(services: Services, request: OAuthRequest): Promise<Caller> {
  const { failures, settings, store } = services;
  const { introspectionToken: configured } = settings;
  const [, credential] = /^bearer +(\S+)$/i.exec(request.headers.authorization ?? "") ?? [];
  if (credential === undefined) throw unauthenticated("no credential");
  const isResource = credential.startsWith(resourceCredentialPrefix);
  if (isResource) {
    const resource = await store.findResourceByCredential(hashSecret(credential));
    if (resource !== undefined) return resource;
  } else if (configured !== undefined) {
    // J09: while somebody guesses, the right one is refused as well, unless it is beyond guessing.
    const blocked = failures.wait(request.address, guessTarget);
    if (blocked > 0 && !isUnguessable(configured)) throw tooManyFailures(blocked);
    if (equalSecrets(credential, configured)) return "operator";
  }
  const wait = failures.failed(request.address, isResource ? undefined : guessTarget);
  if (wait > 0) throw tooManyFailures(wait);
  // J11: 401 too while none is configured, since anybody can send a token. The log says which it was.
  const unset = configured === undefined && !isResource;
  throw unauthenticated(unset ? "INTROSPECTION_TOKEN is not configured" : "unknown credential");
}

async function findToken(
  { clock, settings, store }: Services,
  token: string | undefined,
): Promise<AccessToken | undefined> {
  if (token === undefined || !isAccessTokenShaped(token, settings)) return undefined;
  return store.findAccessToken(hashSecret(token), clock.now());
}

function mayLearnOf(caller: Caller, token: AccessToken): boolean {
  return caller === "operator" || token.resource === caller.identifier;
}

/** RFC 7662 §2.2. The operator's callers know people by e-mail address (KEEP, J11), resource servers by a stable opaque subject. */
function describe({ settings }: Services, caller: Caller, token: AccessToken): Record<string, unknown> {
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

function unauthenticated(debug: string): OAuthError {
  return new OAuthError("invalid_token", {
    hint: "introspection needs a credential",
    debug,
    headers: { "WWW-Authenticate": 'Bearer realm="gatehouse"' },
  });
}
