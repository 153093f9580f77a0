import { authenticateClient } from "../clients/authentication.ts";
import { policyOf } from "../clients/policy.ts";
import { findLiveToken, type LiveToken } from "../grants/live-token.ts";
import { grantIdOfOriginal } from "../grants/original-refresh-token.ts";
import { OAuthError } from "../messages/errors.ts";
import { readJsonObject } from "../messages/json-object.ts";
import { requireForm } from "../messages/parameters.ts";
import { type OAuthRequest, originOf } from "../messages/request.ts";
import { json, noStore, type OAuthResponse, redirect } from "../messages/response.ts";
import type { Client, Grant } from "../records.ts";
import { matchesPatternOrigin } from "../redirects/legacy-pattern.ts";
import type { Endpoint, Services } from "../services.ts";
import { isGenuine, type PresentedRefreshToken, parseRefreshToken } from "../tokens/refresh-token.ts";
import { hashSecret } from "../tokens/secret.ts";

/** `POST /revoke`: RFC 7009 for a form, the LEGACY contract for JSON. */
export function revokeEndpoint(services: Services): Endpoint {
  return async (request) => {
    if (isJsonForm(request)) return revokeJson(services, request);
    const form = requireForm(request.form);
    const client = await authenticateClient(services, request, form); // K02
    const token = form.get("token");
    if (token === undefined) throw new OAuthError("invalid_request", { hint: "token is missing" }); // K01
    await revoke(services, request, token, client);
    return { status: 200, headers: noStore };
  };
}

/** The body tells, not its type: the JSON form came as `text/plain`, as a form, and without a type (K09). */
function isJsonForm({ form, body }: OAuthRequest): boolean {
  return form === undefined || /^\s*\{/.test(body);
}

/** LEGACY (K09): no client authentication, because whoever holds a token may end it. */
async function revokeJson(services: Services, request: OAuthRequest): Promise<OAuthResponse> {
  const token = readJsonToken(request.body);
  if (token === undefined) {
    return json(400, { ok: false, error: { message: "the body must be JSON: an object with a token" } });
  }
  await revoke(services, request, token);
  return json(200, { ok: true, result: {} });
}

function readJsonToken(body: string): string | undefined {
  const read = readJsonObject(body);
  if ("problem" in read) return undefined;
  const { token = "" } = read.object;
  return typeof token === "string" ? token : undefined;
}

/**
 * Ends a token. The hint is not needed: the kinds look different (K07).
 * @param client who asks: another client's token survives in silence (K04); left out, the holder asks, for
 * whatever token it is
 */
async function revoke(
  services: Services,
  request: OAuthRequest,
  token: string,
  client?: Client,
): Promise<void> {
  const isTheirs = (clientId: string | undefined) => client === undefined || client.id === clientId;
  const refresh = parseRefreshToken(token);
  if (refresh !== undefined) return endFamily(services, request, refresh, isTheirs);
  const found = await findLiveToken(services, token);
  if (found !== undefined) {
    if (!isTheirs(found.clientId)) return;
    return end(services, request, found);
  }
  if (await endOriginal(services, request, token, isTheirs)) return;
  // What is nothing here may be a token elsewhere: a row narrowed to a project, or one with another service's
  // prefix.
  if (client === undefined) await services.store.revokeAccessToken(hashSecret(token));
}

/** Any generation ends the whole family (K05), but only a genuine one. */
async function endFamily(
  services: Services,
  request: OAuthRequest,
  presented: PresentedRefreshToken,
  isTheirs: (clientId: string) => boolean,
): Promise<void> {
  const { clock, settings, store } = services;
  const grant = await store.findGrant(presented.grantId, clock.now());
  if (grant === undefined || !isTheirs(grant.clientId) || !isGenuine(presented, grant, settings)) return;
  await recorded(services, request, grant.clientId, grant, store.revokeGrant(grant.id));
}

/** LEGACY: a refresh token of the service before us, or, when it was exchanged, its grant. */
async function endOriginal(
  services: Services,
  request: OAuthRequest,
  token: string,
  isTheirs: (clientId: string) => boolean,
): Promise<boolean> {
  const { clock, store } = services;
  const tokenHash = hashSecret(token);
  const original = await store.findOriginalRefreshToken(tokenHash, clock.now());
  if (original !== undefined) {
    if (!isTheirs(original.clientId)) return false;
    await store.revokeOriginalRefreshToken(tokenHash);
  }
  // From here on nobody exchanges it; whoever did before left a grant.
  const grant = await store.findGrant(grantIdOfOriginal(token), clock.now());
  const clientId = original?.clientId ?? grant?.clientId;
  if (clientId === undefined || !isTheirs(clientId)) return false;
  await recorded(services, request, clientId, grant, grant && store.revokeGrant(grant.id));
  return true;
}

/**
 * A stored access token ends alone; where it is all there is of its grant, the grant ends (F17). A sealed one
 * ends with its grant, as RFC 7009 §2.1 allows (K06).
 */
async function end(
  services: Services,
  request: OAuthRequest,
  { clientId, grantId, tokenHash }: LiveToken,
): Promise<void> {
  const { clock, store } = services;
  const grant = grantId === undefined ? undefined : await store.findGrant(grantId, clock.now());
  const endsGrant = grant !== undefined && (grant.generation === 0 || tokenHash === undefined);
  const ending = endsGrant ? store.revokeGrant(grant.id) : tokenHash && store.revokeAccessToken(tokenHash);
  await recorded(services, request, clientId, grant, ending);
}

/**
 * `GET /revoke?token=…&callback=…`, LEGACY (K10): ends the token and sends the browser on, but only to a
 * known origin.
 */
export function revokeAndRedirectEndpoint(services: Services): Endpoint {
  return async (request) => {
    const { query } = request;
    if (!query.has("token") && !query.has("callback")) {
      throw new OAuthError("invalid_request", { hint: "use POST", status: 405, headers: { Allow: "POST" } }); // K01
    }
    query.refuseRepeated();
    const token = query.get("token");
    if (token !== undefined) await revoke(services, request, token);
    return redirect(request.method, await landing(services, query.get("callback")));
  };
}

async function landing({ settings, store }: Services, callback: string | undefined): Promise<string> {
  const home = settings.homeUrl ?? `${settings.issuer}/`;
  if (callback === undefined) return home;
  if (matchesPatternOrigin(`${new URL(home).origin}/`, callback)) return callback;
  const clients = await store.listProvisionedClients();
  const known = clients
    .filter((client) => policyOf(client).redirectMatching === "pattern")
    .some((client) => client.redirectUris.some((pattern) => matchesPatternOrigin(pattern, callback)));
  return known ? callback : home;
}

/**
 * Waits until it has ended and that stands in the audit trail durably (Z16). Both at once, so that they go to
 * the database together: one after the other takes twice as long.
 */
async function recorded(
  services: Services,
  request: OAuthRequest,
  client: string | undefined,
  grant: Grant | undefined,
  ending: Promise<unknown> | undefined,
): Promise<void> {
  const told = services.events.record({
    name: "token_revoked",
    ...originOf(request),
    client,
    subject: grant?.subject,
    resource: grant?.resource,
    grant: grant?.id,
    attempt: grant?.reference,
  });
  await Promise.all([ending, told]);
}
