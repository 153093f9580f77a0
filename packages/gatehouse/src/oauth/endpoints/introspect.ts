import { type Caller, createCallers } from "../clients/introspection-caller.ts";
import { findHeldToken, findLiveToken, type HeldToken, type LiveToken } from "../grants/live-token.ts";
import { OAuthError } from "../messages/errors.ts";
import { requireForm } from "../messages/parameters.ts";
import { json } from "../messages/response.ts";
import type { Account, ResourceClaim } from "../records.ts";
import { remainingScope } from "../scope.ts";
import type { Endpoint, Services } from "../services.ts";

const inactive = { active: false } as const;

/** Token introspection, RFC 7662. */
export function introspectEndpoint(services: Services): Endpoint {
  const callers = createCallers(services);
  // From the first resource on that asks for claims, the account comes with the token. Until then nothing of
  // that costs anything.
  let claimsAsked = false;
  return async (request) => {
    const token = request.form?.get("token");
    const withAccount = claimsAsked;
    // Both look-ups at once: nothing of the token is told before it is known who asks.
    const found = token === undefined ? undefined : findToken(services, token, withAccount);
    const [caller, held] = await Promise.all([callers.authenticate(request, found), found]);
    requireForm(request.form);
    if (token === undefined) {
      if (caller === "operator") return json(200, inactive); // LEGACY J03
      throw new OAuthError("invalid_request", { hint: "token is missing" });
    }
    if (held === undefined) return json(200, inactive); // J04
    if (caller !== "operator" && held.token.resource !== caller.identifier) {
      callers.tellOfForeignToken(request, caller, held.token);
      return json(200, inactive); // J06
    }
    if (held.token.standing?.left) return json(200, inactive); // Y18
    if (held.token.grantId !== undefined) services.uses.note(held.token.grantId);
    const answer = describe(services, caller, held.token);
    if (caller === "operator" || caller.claims === undefined) return json(200, answer);
    claimsAsked = true;
    const { account } = withAccount ? held : ((await findHeldToken(services, token)) ?? held);
    return json(200, { ...answer, ...claimsOf(services, caller.claims, account) });
  };
}

async function findToken(
  services: Services,
  sent: string,
  withAccount: boolean,
): Promise<HeldToken | undefined> {
  if (withAccount) return findHeldToken(services, sent);
  const token = await findLiveToken(services, sent);
  return token && { token, account: undefined };
}

/**
 * RFC 7662 §2.2. The operator's callers know people by e-mail address (KEEP, J11), resource servers by a
 * stable opaque subject.
 */
function describe({ settings }: Services, caller: Caller, token: LiveToken): Record<string, unknown> {
  return {
    active: true,
    sub: caller === "operator" ? token.email || token.subject : (token.subject ?? token.email),
    username: token.email || undefined,
    token_type: "Bearer",
    exp: token.expiresAt,
    client_id: token.clientId,
    scope: (token.scope && remainingScope(token.scope, token.standing)) || undefined,
    aud: token.resource,
    iss: settings.issuer,
    iat: token.createdAt,
  };
}

/**
 * What a resource asks to be told of the person besides (V38). Groups that are not known are left out, which
 * is not the same as none. Where there are several providers, each names its own.
 */
function claimsOf(
  { providers }: Services,
  asked: readonly ResourceClaim[],
  account: Account | undefined,
): Record<string, unknown> {
  if (account === undefined) return {};
  const { provider, name, groups } = account;
  const told = providers.all.length > 1 ? groups?.map((group) => `${provider}:${group}`) : groups;
  return {
    ...(asked.includes("name") && { name }),
    ...(asked.includes("groups") && { groups: told }),
  };
}
