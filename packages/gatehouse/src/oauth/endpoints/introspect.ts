import { type Caller, createCallers } from "../clients/introspection-caller.ts";
import { findHeldToken, findLiveToken, type HeldToken, type LiveToken } from "../grants/live-token.ts";
import { OAuthError } from "../messages/errors.ts";
import { requireForm } from "../messages/parameters.ts";
import { json } from "../messages/response.ts";
import type { Account, ResourceClaim } from "../records.ts";
import { remainingScope } from "../scope.ts";
import type { Endpoint, Services } from "../services.ts";

const inactive = { active: false } as const;

/** With or without whose it is. */
type FindToken = (services: Services, token: string) => Promise<(LiveToken & Partial<HeldToken>) | undefined>;

/** Token introspection, RFC 7662. */
export function introspectEndpoint(services: Services): Endpoint {
  const callers = createCallers(services);
  // From the first resource on that asks for claims, the account comes with the token. Until then nothing of
  // that costs anything.
  let claimsAsked = false;
  return async (request) => {
    const sent = request.form?.get("token");
    const withAccount = claimsAsked;
    const find: FindToken = withAccount ? findHeldToken : findLiveToken;
    // Both look-ups at once: nothing of the token is told before it is known who asks.
    const found = sent === undefined ? undefined : find(services, sent);
    const [caller, token] = await Promise.all([callers.authenticate(request, found), found]);
    requireForm(request.form);
    if (sent === undefined) {
      if (caller === "operator") return json(200, inactive); // LEGACY J03
      throw new OAuthError("invalid_request", { hint: "token is missing" });
    }
    if (token === undefined) return json(200, inactive); // J04
    if (caller !== "operator" && token.resource !== caller.identifier) {
      callers.tellOfForeignToken(request, caller, token);
      return json(200, inactive); // J06
    }
    if (token.standing?.left) return json(200, inactive); // Y18
    const { grantId, usedAt: storedAt } = token;
    if (grantId !== undefined) services.uses.note(grantId, { storedAt });
    const answer = describe(services, caller, token);
    if (caller === "operator" || caller.claims === undefined) return json(200, answer);
    claimsAsked = true;
    const { account } = withAccount ? token : ((await findHeldToken(services, sent)) ?? token);
    return json(200, { ...answer, ...claimsOf(services, caller.claims, account) });
  };
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
