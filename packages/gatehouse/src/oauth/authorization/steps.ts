import { identifiedBy, isDocumented } from "../clients/client.ts";
import { certainName } from "../clients/evidence.ts";
import { withoutValues } from "../clients/request-facts.ts";
import type { OAuthRequest } from "../messages/request.ts";
import type { Identity, SignInError } from "../ports.ts";
import type { Account, AuthorizationRequest, Client } from "../records.ts";
import type { Services } from "../services.ts";
import { senderOf, traceStep } from "../tracing.ts";

/*
 * The steps of an attempt that have much to say, for who reads later what happened (Z06). Never `state`, the
 * PKCE challenge, an address of a person who got in, or anything that leads to a token.
 */

/** A valid authorization request: who asks, for what, and what of that can be granted. */
export function traceAuthorization(
  services: Services,
  request: OAuthRequest,
  client: Client,
  { redirectUri, resource, scope, codeChallenge }: AuthorizationRequest,
): void {
  const { query } = request;
  traceStep(services, request, "authorization_received", {
    client: client.id,
    resource,
    facts: {
      app: certainName(client, redirectUri) ?? client.metadata.name,
      "known by": identifiedBy(client),
      // Shared by all who say the same: it leads to none of their attempts.
      [isDocumented(client) ? "document" : "registration"]: client.reference,
      "answer goes to": withoutValues(redirectUri),
      "scope asked": query.get("scope") ?? "none",
      "scope possible": scope || "none",
      ...(query.get("resource") === undefined && { "resource asked": "none: the default holds" }),
      pkce: codeChallenge === undefined ? "none" : "S256",
      prompt: query.get("prompt"),
      "max age": query.get("max_age"),
      ...senderOf(request),
    },
  });
}

/**
 * What a provider proved of a person: which claims, not what they say of somebody who may get in.
 * @param client `undefined`: they signed in without an app
 */
export function traceIdentity(
  services: Services,
  request: OAuthRequest,
  client: string | undefined,
  { provider, issuer, email, groups, sid, claims }: Identity,
  { subject }: Pick<Account, "subject">,
): void {
  traceStep(services, request, "identity_proven", {
    client,
    subject,
    facts: {
      provider,
      issuer,
      domain: email === "" ? "no address" : email.slice(email.lastIndexOf("@") + 1),
      groups: groups === undefined ? "not known" : String(groups.length),
      "session there": sid === undefined ? "not named" : "named",
      ...claims,
    },
  });
}

/** Why a sign-in came to nothing. */
export function traceSignInFailure(
  services: Services,
  request: OAuthRequest,
  provider: string,
  { code, message, account, logReason }: SignInError,
): void {
  traceStep(
    services,
    request,
    "sign_in_failed",
    { rule: logReason ?? code, received: message, facts: { provider, account, ...senderOf(request) } },
    code === "access_denied" ? "refused" : "failed",
  );
}
