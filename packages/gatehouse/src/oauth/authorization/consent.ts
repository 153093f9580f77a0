import { consentFingerprint } from "../clients/client.ts";
import { policyOf } from "../clients/policy.ts";
import { factsOf, withoutValues } from "../clients/request-facts.ts";
import { hasLeft } from "../declarations.ts";
import { endpointUrls } from "../messages/endpoint-urls.ts";
import { OAuthError } from "../messages/errors.ts";
import type { OAuthRequest } from "../messages/request.ts";
import { type OAuthResponse, redirect, type SetCookie } from "../messages/response.ts";
import type { Access } from "../ports.ts";
import type { Account, AuthorizationRequest, Client, Code, Consent, SignedIn } from "../records.ts";
import { admitsRedirectUri } from "../redirects/redirect-uri.ts";
import { parseScope } from "../scope.ts";
import type { Services } from "../services.ts";
import { hashSecret } from "../tokens/secret.ts";
import { traceStep } from "../tracing.ts";
import { after } from "../values.ts";
import { permitted, refuseAccess } from "./access.ts";
import { type Attempt, codeOf, releaseAttempt } from "./attempt.ts";
import { startedByClient } from "./navigation.ts";
import { successRedirect } from "./response.ts";

/*
 * What happens between knowing who the person is and the code: the second half of `authorize`, shared by the
 * endpoints that can get there (authorize with a live session, callback after a sign-in, consent after the
 * decision).
 */

/**
 * Goes on with a signed-in person: straight to the code when no question is open, to the consent page
 * otherwise, and no further where the operator's rules leave nothing of what is asked for.
 */
export async function proceed(
  services: Services,
  request: OAuthRequest,
  step: {
    readonly attempt: Attempt;
    readonly client: Client;
    readonly authorization: AuthorizationRequest;
    readonly signedIn: SignedIn;
    readonly account: Account;
    /** The rules in force. */
    readonly access: Access | undefined;
    readonly alwaysAsk: boolean;
    readonly cookies: readonly SetCookie[];
  },
): Promise<OAuthResponse> {
  const { attempt, client, signedIn, cookies } = step;
  const decision = permitted(step.access, step.account, step.authorization);
  if (!decision.allowed) return refuseAccess(services, request, { ...step, reason: decision.reason });
  const { authorization } = decision;
  const given = await isGiven(services, client, authorization);
  if (
    given ||
    (!step.alwaysAsk && (await isRemembered(services, request, client, authorization, signedIn)))
  ) {
    const why = given ? "the operator decided for everybody" : "the person approved the same earlier";
    traceStep(services, request, "consent_not_needed", { subject: signedIn.subject, facts: { why } });
    const answer = await grantCode(services, request, {
      attempt,
      authorization,
      signedIn,
      consent: undefined,
      cookies,
    });
    if (answer === undefined) {
      throw new OAuthError("invalid_grant", { hint: "this request was already answered" });
    }
    return answer;
  }
  tellOfConsent(services, request, "consent_shown", authorization, signedIn);
  const { consentPath } = endpointUrls(services.settings.issuer);
  return redirect(request.method, `${consentPath}?transaction=${attempt.handle}`, cookies);
}

/** Once for an attempt that the person is asked, however often they load the page, and once what they say. */
export function tellOfConsent(
  services: Services,
  request: OAuthRequest,
  name: "consent_shown" | "consent_approved" | "consent_denied",
  authorization: AuthorizationRequest,
  { subject }: Pick<SignedIn, "subject">,
): void {
  services.events.emit({ name, ...factsOf(request, authorization), subject });
}

/**
 * Ends the transaction with a code and sends it home. Of two callers one does; the other gets undefined, and
 * nothing happened.
 */
export async function grantCode(
  services: Services,
  request: OAuthRequest,
  outcome: {
    readonly attempt: Attempt;
    readonly authorization: AuthorizationRequest;
    readonly signedIn: SignedIn;
    readonly consent: Consent | undefined;
    readonly cookies: readonly SetCookie[];
  },
): Promise<OAuthResponse | undefined> {
  const { attempt, authorization, signedIn, consent, cookies } = outcome;
  const { clock, settings, store } = services;
  const now = clock.now();
  const code = codeOf(attempt);
  const record: Code = {
    codeHash: hashSecret(code),
    authorization,
    subject: signedIn.subject,
    email: signedIn.email,
    authTime: signedIn.authTime,
    createdAt: now,
    expiresAt: after(now, settings.lifetimes.code),
  };
  const first = await store.completeTransaction(attempt.handleHash, now, {
    code: record,
    ...(consent === undefined ? {} : { consent }),
  });
  if (!first) return undefined;
  traceStep(services, request, "code_sent", {
    client: authorization.clientId,
    subject: signedIn.subject,
    resource: authorization.resource,
    facts: {
      to: withoutValues(authorization.redirectUri),
      scope: authorization.scope || "none",
      "good for": `${settings.lifetimes.code} s`,
    },
  });
  return successRedirect(request, settings.issuer, authorization, code, [
    ...cookies,
    releaseAttempt(attempt),
  ]);
}

/** Whether the operator decided for everybody (D01), which is never about optional scopes (Y19). */
export async function isGiven(
  services: Pick<Services, "store">,
  client: Client,
  authorization: AuthorizationRequest,
): Promise<boolean> {
  return policyOf(client).consent === "given" && (await optionalScopes(services, authorization)).length === 0;
}

/** Those of the asked scopes that are granted only to who ticks them. */
export async function optionalScopes(
  { store }: Pick<Services, "store">,
  { resource, scope }: Pick<AuthorizationRequest, "resource" | "scope">,
): Promise<string[]> {
  if (resource === undefined) return [];
  const asked = parseScope(scope);
  const known = (await store.findResource(resource))?.scopes ?? [];
  return known.filter(({ name, isOptional }) => isOptional && asked.includes(name)).map(({ name }) => name);
}

/**
 * Whether an earlier approval covers this request (D02, D15): same person, client, redirect URI and resource,
 * no wider scope, and nothing the person saw has changed. Only for https redirect URIs, since nobody can
 * prove to be the program behind a loopback address (D14), not for a client that somebody else registered as
 * well (D-n7), and only where the client itself sent the browser here: anybody else wants the answer without
 * the person noticing.
 */
export async function isRemembered(
  services: Services,
  request: OAuthRequest,
  client: Client,
  authorization: AuthorizationRequest,
  signedIn: Pick<SignedIn, "subject">,
): Promise<boolean> {
  if (
    !isMemorable(authorization) ||
    client.shared ||
    !startedByClient(request, services.settings.issuer, authorization.redirectUri)
  ) {
    return false;
  }
  const { subject } = signedIn;
  const consent = await services.store.findConsent(
    subject,
    client.id,
    authorization.redirectUri,
    authorization.resource,
  );
  if (consent === undefined || consent.fingerprint !== consentFingerprint(client)) return false;
  const allowed = parseScope(consent.scope);
  return parseScope(authorization.scope).every((token) => allowed.includes(token));
}

/** What an approval is remembered under is a key of the database, and PostgreSQL's may have 2,700 bytes. */
const maxRememberedBytes = 2000;

/** Whether an approval of this request may stand for later ones (D14). */
/**
 * The client of a request that was found valid earlier, if that still holds. Throws, for a page, when it was
 * removed or is no longer registered for the redirect URI: an answer goes nowhere it would not go if it were
 * asked for now.
 */
export async function clientStillAt(
  { store }: Pick<Services, "store">,
  { clientId, redirectUri }: Pick<AuthorizationRequest, "clientId" | "redirectUri">,
): Promise<Client> {
  const client = await store.findClient(clientId);
  if (client === undefined || hasLeft(client)) {
    throw new OAuthError("invalid_client", { hint: "the client was removed" });
  }
  if (!admitsRedirectUri(client.redirectUris, redirectUri, policyOf(client).redirectMatching)) {
    const hint = "redirect_uri is no longer registered for this client";
    throw new OAuthError("invalid_redirect_uri", { hint });
  }
  return client;
}

export function isMemorable({ clientId, redirectUri, resource }: AuthorizationRequest): boolean {
  const key = clientId + redirectUri + (resource ?? "");
  return redirectUri.startsWith("https://") && Buffer.byteLength(key) <= maxRememberedBytes;
}
