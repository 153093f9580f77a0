import { authorizeEndpoint } from "./endpoints/authorize.ts";
import { callbackEndpoint } from "./endpoints/callback.ts";
import {
  deleteClientEndpoint,
  readClientEndpoint,
  updateClientEndpoint,
} from "./endpoints/client-configuration.ts";
import { consentDecisionEndpoint, consentPageEndpoint } from "./endpoints/consent.ts";
import { answersJson, answersPage } from "./endpoints/error-response.ts";
import { healthEndpoint, readinessEndpoint } from "./endpoints/health.ts";
import { rootEndpoint, signOutEndpoint } from "./endpoints/home.ts";
import { introspectEndpoint } from "./endpoints/introspect.ts";
import { metadataEndpoint } from "./endpoints/metadata.ts";
import { registerEndpoint } from "./endpoints/register.ts";
import { revokeAndRedirectEndpoint, revokeEndpoint } from "./endpoints/revoke.ts";
import { tokenEndpoint } from "./endpoints/token.ts";
import type { Context, Endpoint } from "./services.ts";

/** Every endpoint of the authorization server, by name. Which path leads to which is the edge's business. */
export interface AuthorizationServer {
  /** For programs: answers and errors are JSON. */
  readonly metadata: Endpoint;
  readonly token: Endpoint;
  readonly introspect: Endpoint;
  readonly revoke: Endpoint;
  readonly revokeAndRedirect: Endpoint;
  readonly register: Endpoint;
  readonly readClient: Endpoint;
  readonly updateClient: Endpoint;
  readonly deleteClient: Endpoint;
  readonly health: Endpoint;
  readonly readiness: Endpoint;
  /** For a person's browser: answers are redirects and pages. */
  readonly root: Endpoint;
  readonly authorize: Endpoint;
  readonly callback: Endpoint;
  readonly consentPage: Endpoint;
  readonly consentDecision: Endpoint;
  readonly signOut: Endpoint;
}

export function createAuthorizationServer(context: Context): AuthorizationServer {
  const forPrograms = (endpoint: Endpoint) => answersJson(context, endpoint);
  const forPeople = (endpoint: Endpoint) => answersPage(context, endpoint);
  const authorize = authorizeEndpoint(context);
  return {
    metadata: metadataEndpoint(context),
    token: forPrograms(tokenEndpoint(context)),
    introspect: forPrograms(introspectEndpoint(context)),
    revoke: forPrograms(revokeEndpoint(context)),
    revokeAndRedirect: forPrograms(revokeAndRedirectEndpoint(context)),
    register: forPrograms(registerEndpoint(context)),
    readClient: forPrograms(readClientEndpoint(context)),
    updateClient: forPrograms(updateClientEndpoint(context)),
    deleteClient: forPrograms(deleteClientEndpoint(context)),
    health: healthEndpoint(),
    readiness: forPrograms(readinessEndpoint(context)),
    root: forPeople(rootEndpoint(context, authorize)),
    authorize: forPeople(authorize),
    callback: forPeople(callbackEndpoint(context)),
    consentPage: forPeople(consentPageEndpoint(context)),
    consentDecision: forPeople(consentDecisionEndpoint(context)),
    signOut: forPeople(signOutEndpoint(context)),
  };
}
