import { policyOf } from "../clients/policy.ts";
import { OAuthError } from "../messages/errors.ts";
import type { Parameters } from "../messages/parameters.ts";
import { joinAttempt, type OAuthRequest, originOf } from "../messages/request.ts";
import { isCodeVerifier, verifies } from "../pkce.ts";
import type { Access } from "../ports.ts";
import type { Account, Client, FoundCode, Grant, NewGrant } from "../records.ts";
import { narrowResource, refuseLeft } from "../resource.ts";
import type { Services } from "../services.ts";
import { mintGrantId, mintSalt, refreshTokenOf } from "../tokens/refresh-token.ts";
import { hashSecret } from "../tokens/secret.ts";
import { after, type Seconds } from "../values.ts";
import { type GrantType, lookedUpEarly, scopeMember, type TokenResponse } from "./grant-type.ts";
import { allowedScope } from "./held-grant.ts";
import { issueAccessToken } from "./issue.ts";

/** The authorization code grant, OAuth 2.1 §4.1.3. */
export const authorizationCode: GrantType = (services, request, form) => {
  const access = services.access();
  const sent = form.get("code");
  const named = sent === undefined ? undefined : lookedUpEarly(findHeldCode(services, access, sent));
  return async (client) => {
    if (named === undefined) throw missing("code");
    const verifier = readVerifier(client, form);
    const held = await named;
    const code = held?.code;
    // F01, F02: a code is good for the client it was issued to.
    if (code === undefined || code.authorization.clientId !== client.id) throw invalidGrant("unknown code");
    joinAttempt(request, code.authorization);
    if (code.expiresAt <= services.clock.now() && !code.used) throw invalidGrant("the code has expired");
    refuseLeft(code);
    narrowResource(code.authorization.resource, form.all("resource")); // F12
    checkPresence(client, code, verifier);
    await checkBinding(services, code, verifier, form.get("redirect_uri"));
    const allowed = withinAccess(services, request, access, { code, account: held?.account });
    return policyOf(client).tokens === "single"
      ? redeemLegacy(services, request, client, allowed)
      : redeem(services, request, client, allowed);
  };
};

interface HeldCode {
  readonly code: FoundCode;
  readonly account: Account | undefined;
}

/** In one trip, with or without whose it is; without rules nobody asks for that. */
async function findHeldCode(
  { store }: Services,
  access: Access | undefined,
  sent: string,
): Promise<HeldCode | undefined> {
  if (access !== undefined) return store.findCodeAndAccount(hashSecret(sent));
  const code = await store.findCode(hashSecret(sent));
  return code && { code, account: undefined };
}

/** The code with what rules leave of its scope (V43). One that was used only has to end what came of it. */
function withinAccess(
  services: Services,
  request: OAuthRequest,
  access: Access | undefined,
  { code, account }: HeldCode,
): FoundCode {
  if (access === undefined || code.used) return code;
  const { authorization, subject } = code;
  const scope = allowedScope(services, request, access, account, { ...authorization, subject });
  return { ...code, authorization: { ...authorization, scope } };
}

/** What is missing is told before what is wrong, whatever the code is worth. */
function readVerifier(client: Client, form: Parameters): string | undefined {
  const verifier = form.get("code_verifier");
  if (verifier === undefined && policyOf(client).pkce === "required") throw missing("code_verifier");
  if (verifier !== undefined && !isCodeVerifier(verifier)) {
    throw new OAuthError("invalid_request", {
      hint: "code_verifier must be 43 to 128 unreserved characters",
    }); // F10
  }
  return verifier;
}

/**
 * Challenge and verifier stand or fall together (F07-F09); a request that forgets one leaves the code as it
 * was.
 */
function checkPresence(client: Client, code: FoundCode, verifier: string | undefined): void {
  const { codeChallenge } = code.authorization;
  if (codeChallenge === undefined && policyOf(client).pkce === "required")
    throw invalidGrant("the code was issued without PKCE"); // F09
  if (codeChallenge !== undefined && verifier === undefined) {
    throw missing("code_verifier");
  }
  if (codeChallenge === undefined && verifier !== undefined) {
    throw new OAuthError("invalid_request", {
      hint: "code_verifier was sent for a code without code_challenge",
    }); // F08
  }
}

/**
 * A wrong verifier or redirect URI uses the code up (compatibility.md), but never touches the tokens of one
 * used before (F05).
 */
async function checkBinding(
  services: Services,
  code: FoundCode,
  verifier: string | undefined,
  redirectUri: string | undefined,
): Promise<void> {
  const { codeChallenge, redirectUri: issuedFor } = code.authorization;
  const wrong =
    codeChallenge !== undefined && !verifies(verifier ?? "", codeChallenge)
      ? "code_verifier does not match"
      : redirectUri !== undefined && redirectUri !== issuedFor // F11
        ? "redirect_uri differs from the authorization request"
        : undefined;
  if (wrong === undefined) return;
  await services.store.burnCode(code.codeHash);
  throw invalidGrant(wrong);
}

async function redeem(
  services: Services,
  request: OAuthRequest,
  client: Client,
  code: FoundCode,
): Promise<TokenResponse> {
  const { clock, settings } = services;
  const refreshable = client.grantTypes.includes("refresh_token"); // F14
  const { accessToken: lifetime, grant: grantLifetime, grantIdle } = settings.lifetimes;
  const endsAt = after(clock.now(), refreshable ? grantLifetime : lifetime);
  const idleEnd = refreshable ? (Math.min(endsAt, after(clock.now(), grantIdle)) as Seconds) : endsAt;
  const grant = mintGrant(services, request, code, {
    generation: refreshable ? 1 : 0,
    expiresAt: idleEnd,
    endsAt,
  });
  const { token, expiresIn } = await issue(services, request, client, code, grant, lifetime);
  return {
    access_token: token,
    token_type: "Bearer",
    expires_in: expiresIn,
    ...(refreshable ? { refresh_token: refreshTokenOf(grant, 1, settings) } : {}),
    ...scopeMember(grant.scope),
  };
}

/**
 * LEGACY (F16): one token for both members, because the old web client reads `refresh_token`. Nothing
 * refreshes it (F17).
 */
async function redeemLegacy(
  services: Services,
  request: OAuthRequest,
  client: Client,
  code: FoundCode,
): Promise<TokenResponse> {
  const lifetime = services.settings.lifetimes.legacyAccessToken;
  const endsAt = after(services.clock.now(), lifetime);
  const grant = mintGrant(services, request, code, { generation: 0, expiresAt: endsAt, endsAt });
  const { token } = await issue(services, request, client, code, grant, lifetime);
  return { access_token: token, token_type: "Bearer", expires_in: lifetime, refresh_token: token };
}

/** All that a grant allows comes from the code's record, nothing from the token request (F13). */
function mintGrant(
  { clock, random, settings, store }: Services,
  { address }: OAuthRequest,
  code: FoundCode,
  life: Pick<Grant, "generation" | "expiresAt" | "endsAt">,
): NewGrant {
  const now = clock.now();
  return {
    id: mintGrantId(random, store.nextGrantOrder(now)),
    clientId: code.authorization.clientId,
    subject: code.subject,
    email: code.email,
    scope: code.authorization.scope,
    resource: code.authorization.resource,
    salt: mintSalt(random),
    authTime: code.authTime,
    createdAt: now,
    rotatedAt: now,
    keyId: settings.keyId,
    tokenAddress: address,
    ...(code.authorization.reference && { reference: code.authorization.reference }),
    ...life,
  };
}

/** The one atomic step (F03). A second valid request with a used code ends what came of the first (F04). */
async function issue(
  services: Services,
  request: OAuthRequest,
  client: Client,
  code: FoundCode,
  grant: NewGrant,
  lifetime: Seconds,
): Promise<{ readonly token: string; readonly expiresIn: number }> {
  const { clock, events, store } = services;
  const issued = issueAccessToken(services, client, grant, grant.scope, lifetime);
  const outcome = code.used
    ? "used"
    : await store.redeemCode(code.codeHash, clock.now(), grant, issued.record);
  const about = {
    ...originOf(request),
    client: client.id,
    subject: code.subject,
    resource: code.authorization.resource,
  };
  if (outcome === "redeemed") {
    const terms = `access token for ${issued.lifetime} s, ${grant.generation === 0 ? "no" : "a"} refresh token`;
    events.emit({ name: "code_redeemed", ...about, grant: grant.id, scope: grant.scope, terms });
    return { token: issued.tokenAt(grant.generation), expiresIn: issued.lifetime };
  }
  if (outcome === "used") {
    const earlier = code.grantId ?? (await store.findCode(code.codeHash))?.grantId;
    if (earlier !== undefined) await store.revokeGrant(earlier);
    events.emit({ name: "code_replayed", ...about, grant: earlier });
  }
  throw invalidGrant("the code was used or has expired");
}

function missing(name: string): OAuthError {
  return new OAuthError("invalid_request", { hint: `${name} is missing` });
}

function invalidGrant(hint: string): OAuthError {
  return new OAuthError("invalid_grant", { hint });
}
