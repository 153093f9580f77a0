import { appsToken } from "../authorization/connected-apps.ts";
import { forgetSession, type LiveSession, readSession } from "../authorization/session.ts";
import { endpointUrls } from "../messages/endpoint-urls.ts";
import { OAuthError } from "../messages/errors.ts";
import { type Parameters, requireForm } from "../messages/parameters.ts";
import { type OAuthRequest, originOf } from "../messages/request.ts";
import { type OAuthResponse, page, redirect } from "../messages/response.ts";
import { refuseForeignForm } from "../messages/same-origin.ts";
import type { Grant } from "../records.ts";
import type { Endpoint, Services } from "../services.ts";
import { equalSecrets } from "../tokens/secret.ts";
import type { GrantId } from "../values.ts";

/**
 * `POST /apps`: what a person does about the apps that may act for them (Z23). To disconnect one is done at
 * once; to disconnect all, or to sign out everywhere, after a question that says how many that are. All of
 * it is in force before it is answered, in every instance.
 */
export function connectedAppsEndpoint(services: Services): Endpoint {
  return async (request) => {
    const { issuer } = services.settings;
    refuseForeignForm(request, endpointUrls(issuer).origin);
    const form = requireForm(request.form);
    form.refuseRepeated();
    const session = await readSession(services, request);
    if (session === undefined) return redirect(request.method, `${issuer}/`);
    if (!equalSecrets(form.get("csrf") ?? "", appsToken(session))) {
      throw new OAuthError("invalid_grant", { hint: "the page is out of date" });
    }
    switch (form.get("act")) {
      case "disconnect":
        await disconnect(services, request, session, form.get("grant"));
        return redirect(request.method, `${issuer}/`);
      case "disconnect_all":
        return isConfirmed(form)
          ? disconnectAll(services, request, session)
          : question(services, session, "disconnect_all");
      case "sign_out_everywhere":
        return isConfirmed(form)
          ? signOutEverywhere(services, request, session)
          : question(services, session, "sign_out_everywhere");
      default:
        throw new OAuthError("invalid_request", { hint: "act is none of this page's" });
    }
  };
}

const isConfirmed = (form: Parameters) => form.get("confirmed") === "yes";

async function question(
  services: Services,
  session: LiveSession,
  act: "disconnect_all" | "sign_out_everywhere",
): Promise<OAuthResponse> {
  const { clock, settings, store } = services;
  const { sessions, grants } = await store.findHoldings(session.account.subject, clock.now());
  const urls = endpointUrls(settings.issuer);
  return page(200, {
    kind: "apps-question",
    action: urls.appsPath,
    home: `${settings.issuer}/`,
    csrf: appsToken(session),
    act,
    count: act === "disconnect_all" ? grants.length : sessions,
  });
}

/** Somebody else's grant, or one that is gone, is nothing: the answer tells neither. */
async function disconnect(
  services: Services,
  request: OAuthRequest,
  session: LiveSession,
  id: string | undefined,
): Promise<void> {
  const { clock, store } = services;
  if (id === undefined || !/^[A-Za-z0-9_-]{1,64}$/.test(id)) return;
  const grant = await store.findGrant(id as GrantId, clock.now());
  if (grant?.subject !== session.account.subject) return;
  await end(services, request, grant);
}

async function disconnectAll(
  services: Services,
  request: OAuthRequest,
  session: LiveSession,
): Promise<OAuthResponse> {
  const { clock, settings, store } = services;
  const { grants } = await store.findHoldings(session.account.subject, clock.now());
  for (const grant of grants) await end(services, request, grant);
  return redirect(request.method, `${settings.issuer}/`);
}

async function end({ events, store }: Services, request: OAuthRequest, grant: Grant): Promise<void> {
  if (!(await store.revokeGrant(grant.id))) return; // somebody was first
  await events.record({
    name: "app_disconnected",
    ...originOf(request),
    attempt: grant.reference,
    client: grant.clientId,
    subject: grant.subject,
    grant: grant.id,
    resource: grant.resource,
  });
}

/** Every browser, this one too. Apps stay connected. */
async function signOutEverywhere(
  { events, store }: Services,
  request: OAuthRequest,
  { account }: LiveSession,
): Promise<OAuthResponse> {
  const ended = await store.endSessionsOf(account.subject);
  const detail = `everywhere: ${ended} sessions`;
  await events.record({ name: "sign_out", ...originOf(request), subject: account.subject, detail });
  return page(200, { kind: "signed-out" }, [forgetSession()]);
}
