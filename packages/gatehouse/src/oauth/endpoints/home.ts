import { isAdministrator } from "../authorization/administrator.ts";
import { appsToken, connectedApps } from "../authorization/connected-apps.ts";
import { eligibleProviders } from "../authorization/provider-choice.ts";
import { forgetSession, readSession, signOutToken } from "../authorization/session.ts";
import { endpointUrls } from "../messages/endpoint-urls.ts";
import { OAuthError } from "../messages/errors.ts";
import type { HomePage } from "../messages/page.ts";
import { requireForm } from "../messages/parameters.ts";
import { originOf } from "../messages/request.ts";
import { page } from "../messages/response.ts";
import { refuseForeignForm } from "../messages/same-origin.ts";
import type { Account } from "../records.ts";
import type { Endpoint, Services } from "../services.ts";
import { equalSecrets } from "../tokens/secret.ts";

const oauthParameters = [
  "client_id",
  "redirect_uri",
  "response_type",
  "state",
  "code_challenge",
  "scope",
  "resource",
];

/**
 * `GET /`: the authorization endpoint of clients from before metadata (A16, A17), and a home page for people.
 */
export function rootEndpoint(services: Services, authorize: Endpoint): Endpoint {
  return async (request) => {
    if (oauthParameters.some((name) => request.query.has(name))) return authorize(request);
    const { issuer } = services.settings;
    const urls = endpointUrls(issuer);
    const session = await readSession(services, request);
    return page(200, {
      kind: "home",
      issuer,
      signIn: session === undefined ? waysIn(services) : [],
      session: session && {
        console: isAdministrator(services, request, session) ? urls.consolePath : undefined,
        account: session.account,
        csrf: signOutToken(session),
        signOut: urls.signOutPath,
        passkeys: passkeysPath(services, session.account),
        ...(await connectedApps(services, session)),
        appsAction: urls.appsPath,
        appsCsrf: appsToken(session),
      },
    });
  };
}

function passkeysPath({ providers, settings }: Services, { provider }: Account): string | undefined {
  const path = providers.find(provider)?.ownPage;
  return path && endpointUrls(settings.issuer).basePath + path;
}

/** Where nobody is signed in: each provider through which that can be. */
function waysIn(services: Services): HomePage["signIn"] {
  const { homeSignInPath } = endpointUrls(services.settings.issuer);
  const providers = eligibleProviders(services, {});
  return providers.map(({ name, title }) => ({
    href: `${homeSignInPath}?${new URLSearchParams({ provider: name })}`,
    provider: providers.length > 1 ? title : undefined,
  }));
}

/**
 * `POST /sign-out`: ends the browser's session on the server, not only in the cookie (S05). Clients stay
 * connected.
 */
export function signOutEndpoint(services: Services): Endpoint {
  return async (request) => {
    refuseForeignForm(request, endpointUrls(services.settings.issuer).origin);
    const form = requireForm(request.form);
    const session = await readSession(services, request);
    if (session !== undefined) {
      if (!equalSecrets(form.get("csrf") ?? "", signOutToken(session))) {
        throw new OAuthError("invalid_grant", { hint: "the page is out of date" });
      }
      await services.store.endSession(session.sessionHash);
      const { subject } = session.account;
      services.events.emit({ name: "sign_out", ...originOf(request), subject });
    }
    return page(200, { kind: "signed-out" }, [forgetSession()]);
  };
}
