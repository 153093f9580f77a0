import { authorizeEndpoint } from "./endpoints/authorize.ts";
import { backchannelLogoutEndpoint } from "./endpoints/backchannel-logout.ts";
import { callbackEndpoint } from "./endpoints/callback.ts";
import { chooseEndpoint, choosePageEndpoint } from "./endpoints/choose-provider.ts";
import {
  deleteClientEndpoint,
  readClientEndpoint,
  updateClientEndpoint,
} from "./endpoints/client-configuration.ts";
import { connectedAppsEndpoint } from "./endpoints/connected-apps.ts";
import { consentDecisionEndpoint, consentPageEndpoint } from "./endpoints/consent.ts";
import { answersJson, answersPage } from "./endpoints/error-response.ts";
import { healthEndpoint, readinessEndpoint } from "./endpoints/health.ts";
import { rootEndpoint, signOutEndpoint } from "./endpoints/home.ts";
import { homeSignInEndpoint } from "./endpoints/home-sign-in.ts";
import { introspectEndpoint } from "./endpoints/introspect.ts";
import { metadataEndpoint } from "./endpoints/metadata.ts";
import { registerEndpoint } from "./endpoints/register.ts";
import { revokeAndRedirectEndpoint, revokeEndpoint } from "./endpoints/revoke.ts";
import { tokenEndpoint } from "./endpoints/token.ts";
import type { Endpoint, Services } from "./services.ts";
import { untraced } from "./tracing.ts";

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
  /** Where the provider of this name tells that somebody signed out there. */
  readonly backchannelLogout: (provider: string) => Endpoint;
  readonly health: Endpoint;
  readonly readiness: Endpoint;
  /** For a person's browser: answers are redirects and pages. */
  readonly root: Endpoint;
  readonly authorize: Endpoint;
  /** The callback of the provider of this name. */
  readonly callback: (provider: string) => Endpoint;
  readonly homeSignIn: Endpoint;
  readonly choosePage: Endpoint;
  readonly choose: Endpoint;
  readonly consentPage: Endpoint;
  readonly consentDecision: Endpoint;
  readonly signOut: Endpoint;
  readonly connectedApps: Endpoint;
}

export function createAuthorizationServer(services: Services): AuthorizationServer {
  const forPrograms = (endpoint: Endpoint) => answersJson(services, endpoint);
  const forPeople = (endpoint: Endpoint) => answersPage(services, endpoint);
  const authorize = authorizeEndpoint(services);
  return {
    metadata: metadataEndpoint(services),
    token: forPrograms(tokenEndpoint(services)),
    introspect: answersJson({ ...services, trace: untraced }, introspectEndpoint(services)),
    revoke: forPrograms(revokeEndpoint(services)),
    revokeAndRedirect: forPrograms(revokeAndRedirectEndpoint(services)),
    register: forPrograms(registerEndpoint(services)),
    readClient: forPrograms(readClientEndpoint(services)),
    updateClient: forPrograms(updateClientEndpoint(services)),
    deleteClient: forPrograms(deleteClientEndpoint(services)),
    backchannelLogout: (provider) => forPrograms(backchannelLogoutEndpoint(services, provider)),
    health: healthEndpoint(),
    readiness: forPrograms(readinessEndpoint(services)),
    root: forPeople(rootEndpoint(services, authorize)),
    authorize: forPeople(authorize),
    callback: (provider) => forPeople(callbackEndpoint(services, provider)),
    homeSignIn: forPeople(homeSignInEndpoint(services)),
    choosePage: forPeople(choosePageEndpoint(services)),
    choose: forPeople(chooseEndpoint(services)),
    consentPage: forPeople(consentPageEndpoint(services)),
    consentDecision: forPeople(consentDecisionEndpoint(services)),
    signOut: forPeople(signOutEndpoint(services)),
    connectedApps: forPeople(connectedAppsEndpoint(services)),
  };
}
