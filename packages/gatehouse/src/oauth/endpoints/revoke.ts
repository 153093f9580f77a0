import { isLegacy } from "../client.ts";
import { authenticateClient } from "../client-authentication.ts";
import type { Context, Endpoint } from "../context.ts";
import { OAuthError } from "../errors.ts";
import { json, noStore, type OAuthRequest, type OAuthResponse, redirect } from "../http.ts";
import { readJsonObject } from "../json-object.ts";
import type { AccessToken, Client } from "../records.ts";
import { matchesPatternOrigin } from "../redirect-pattern.ts";
import { hashSecret } from "../secret.ts";
import { isAccessTokenShaped, isGenuine, parseRefreshToken } from "../token.ts";
import { requireForm } from "./token.ts";

/** `POST /revoke`: RFC 7009 for a form, the LEGACY contract for JSON. */
export function revokeEndpoint(context: Context): Endpoint {
  return async (request) => {
    if (request.json !== undefined) return revokeJson(context, request, request.json);
    const form = requireForm(request.form);
    const client = await authenticateClient(context, request, form); // K02
    const token = form.get("token");
    if (token === undefined) throw new OAuthError("invalid_request", { hint: "token is missing" }); // K01
    await revoke(context, request, client, token);
    return { status: 200, headers: noStore };
  };
}

/** The hint is not needed: the two kinds look different (K07). Another client's token survives in silence (K04). */
async function revoke(context: Context, request: OAuthRequest, client: Client, token: string): Promise<void> {
  const { clock, settings, store } = context;
  const refresh = parseRefreshToken(token);
  if (refresh !== undefined) {
    const grant = await store.findGrant(refresh.grantId, clock.now());
    // Any generation ends the whole family (K05), but only a genuine one.
    if (grant === undefined || grant.clientId !== client.id || !isGenuine(refresh, grant, settings)) return;
    await store.revokeGrant(grant.id);
    return emitRevoked(context, request, grant.clientId, grant.id);
  }
  const found = await findAccessToken(context, token);
  if (found === undefined || found.clientId !== client.id) return;
  await end(context, found, isLegacy(client));
  emitRevoked(context, request, client.id, found.grantId);
}

/** LEGACY (K09): no client authentication, and so for tokens of LEGACY clients alone. */
async function revokeJson(context: Context, request: OAuthRequest, body: string): Promise<OAuthResponse> {
  const token = readJsonToken(body);
  if (token === undefined) {
    return json(400, { ok: false, error: { message: "the body must be JSON: an object with a token" } });
  }
  await revokeLegacyToken(context, request, token);
  return json(200, { ok: true, result: {} });
}

function readJsonToken(body: string): string | undefined {
  const read = readJsonObject(body);
  if ("problem" in read) return undefined;
  const { token = "" } = read.object;
  return typeof token === "string" ? token : undefined;
}

/** `GET /revoke?token=…&callback=…`, LEGACY (K10): ends the token and sends the browser on, but only to a known origin. */
export function revokeAndRedirectEndpoint(context: Context): Endpoint {
  return async (request) => {
    const { query } = request;
    if (!query.has("token") && !query.has("callback")) {
      throw new OAuthError("invalid_request", { hint: "use POST", status: 405, headers: { Allow: "POST" } }); // K01
    }
    query.refuseRepeated();
    const token = query.get("token");
    if (token !== undefined) await revokeLegacyToken(context, request, token);
    return redirect(request.method, await landing(context, query.get("callback")));
  };
}

async function landing({ settings, store }: Context, callback: string | undefined): Promise<string> {
  const home = settings.homeUrl ?? `${settings.issuer}/`;
  if (callback === undefined) return home;
  if (matchesPatternOrigin(`${new URL(home).origin}/`, callback)) return callback;
  const clients = await store.listProvisionedClients();
  const known = clients
    .filter(isLegacy)
    .some((client) => client.redirectUris.some((pattern) => matchesPatternOrigin(pattern, callback)));
  return known ? callback : home;
}

async function revokeLegacyToken(context: Context, request: OAuthRequest, token: string): Promise<void> {
  const found = await findAccessToken(context, token);
  if (found === undefined) {
    // A row narrowed to a project is never found, but its holder may end it, as in the old service.
    if (isAccessTokenShaped(token, context.settings))
      await context.store.revokeAccessToken(hashSecret(token));
    return;
  }
  // Rows of the old service name no client: those are LEGACY too.
  const client = found.clientId === undefined ? undefined : await context.store.findClient(found.clientId);
  if (found.clientId !== undefined && (client === undefined || !isLegacy(client))) return; // K-n3
  await end(context, found, true);
  emitRevoked(context, request, found.clientId, found.grantId);
}

async function findAccessToken(
  { clock, settings, store }: Context,
  token: string,
): Promise<AccessToken | undefined> {
  if (!isAccessTokenShaped(token, settings)) return undefined;
  return store.findAccessToken(hashSecret(token), clock.now());
}

/** An access token ends alone (K06); a LEGACY one is all there is of its grant (F17). */
async function end({ store }: Context, token: AccessToken, whole: boolean): Promise<void> {
  if (whole && token.grantId !== undefined) await store.revokeGrant(token.grantId);
  else await store.revokeAccessToken(token.tokenHash);
}

function emitRevoked(
  context: Context,
  request: OAuthRequest,
  client: string | undefined,
  grant: string | undefined,
): void {
  context.events.emit({
    name: "token_revoked",
    request: request.id,
    client,
    grant,
    address: request.address,
  });
}
