import { hash } from "node:crypto";
import { policyOf } from "../clients/policy.ts";
import { OAuthError } from "../messages/errors.ts";
import type { Parameters } from "../messages/parameters.ts";
import { type OAuthRequest, originOf } from "../messages/request.ts";
import type { Access } from "../ports.ts";
import { defaultProvider } from "../ports.ts";
import type { Account, Client, Grant, OriginalRefreshToken } from "../records.ts";
import { chooseResource } from "../resource.ts";
import { grantableScope, narrowScope } from "../scope.ts";
import type { Services } from "../services.ts";
import { subjectOf } from "../subject.ts";
import { mintSalt, refreshTokenOf } from "../tokens/refresh-token.ts";
import { hashSecret } from "../tokens/secret.ts";
import { after, type GrantId, type Seconds } from "../values.ts";
import { scopeMember, type TokenResponse } from "./grant-type.ts";
import { allowedScope, findHeldGrant, type HeldGrant } from "./held-grant.ts";
import { issueAccessToken } from "./issue.ts";

/*
 * LEGACY: refresh tokens of the service before us. Each is good here once: it is exchanged for a grant of
 * ours, and from then on counts as the first generation of that grant. So an answer that is lost, or a client
 * that keeps the old token, is treated as with any token of ours.
 */

/** The live generation of a grant that was just made: the exchanged token is the one before. */
const firstOfOurs = 2;
/**
 * In the place of an identity provider: nobody has proven more of this person here than the address the
 * service before us knew.
 */
const byAddress = "urn:gatehouse:address";

/** A live grant, and the generation of the refresh token that was presented of it. */
export interface PresentedGrant extends HeldGrant {
  readonly generation: number;
}

/**
 * Exchanges the token, or finds the grant for which it was exchanged before.
 * @throws OAuthError when it is neither; then nothing was used up
 */
export async function exchangeOriginal(
  services: Services,
  request: OAuthRequest,
  client: Client,
  form: Parameters,
  access: Access | undefined,
  token: string,
): Promise<TokenResponse | PresentedGrant> {
  const { clock, settings, store } = services;
  const earlier = await findExchanged(services, client, access, token);
  if (earlier !== undefined) return earlier;
  const tokenHash = hashSecret(token);
  const original = await store.findOriginalRefreshToken(tokenHash, clock.now());
  if (original === undefined) return exchangedMeanwhile(services, client, access, token);
  if (original.clientId !== client.id || policyOf(client).tokens === "single") throw unknownToken();
  refuseStrangers(services, original);
  const account = await accountOf(services, original.email);
  const made = await makeGrant(services, client, form, { account, original, token });
  const grant = { ...made, scope: allowedScope(services, request, access, account, made) };
  const scope = narrowScope(grant.scope, form.get("scope"));
  const lifetime = settings.lifetimes.accessToken;
  const issued = issueAccessToken(services, client, grant, scope, lifetime);
  const outcome = {
    account,
    grant: { ...grant, tokenAddress: request.address },
    accessToken: issued.record,
  };
  if (!(await store.exchangeOriginalRefreshToken(tokenHash, clock.now(), outcome))) {
    return exchangedMeanwhile(services, client, access, token);
  }
  services.events.emit({
    name: "refresh_exchanged",
    ...originOf(request),
    client: client.id,
    subject: grant.subject,
    grant: grant.id,
    resource: grant.resource,
  });
  return {
    access_token: issued.tokenAt(firstOfOurs),
    token_type: "Bearer",
    expires_in: issued.lifetime,
    refresh_token: refreshTokenOf(grant, firstOfOurs, settings),
    ...scopeMember(scope),
  };
}

/**
 * The grant's name follows from the token, so whoever has the token finds its grant, and whoever knows the
 * name has no token.
 */
export function grantIdOfOriginal(token: string): GrantId {
  const digest = hash("sha256", `grant of the refresh token ${token}`, "buffer");
  return digest.subarray(0, 16).toString("base64url") as GrantId;
}

async function findExchanged(
  services: Services,
  client: Client,
  access: Access | undefined,
  token: string,
): Promise<PresentedGrant | undefined> {
  const held = await findHeldGrant(services, access, grantIdOfOriginal(token));
  if (held === undefined) return undefined;
  if (held.grant.clientId !== client.id) throw unknownToken();
  return { ...held, generation: firstOfOurs - 1 };
}

/** Somebody was first: the same client, which gets the same answer, or the service before us. */
async function exchangedMeanwhile(
  services: Services,
  client: Client,
  access: Access | undefined,
  token: string,
): Promise<PresentedGrant> {
  const held = await findExchanged(services, client, access, token);
  if (held === undefined) throw unknownToken();
  return held;
}

/**
 * Who may not sign in here does not come in by an old token either; all that is known of them is the address,
 * which one of the providers must be able to speak for.
 */
function refuseStrangers({ providers }: Services, { email }: OriginalRefreshToken): void {
  const domain = email.slice(email.lastIndexOf("@") + 1).toLowerCase();
  const isSpokenFor = providers.all.some(
    ({ domains }) => domains === undefined || domains === "*" || domains.includes(domain),
  );
  if (!isSpokenFor) throw unknownToken();
}

/**
 * Whose grant it becomes. The service before us knew people by address alone, so at this one moment the
 * address decides: it is the account of the only person who signed in here with it. Where there is none, or
 * several, an account of its own is made, which no sign-in ever becomes.
 */
async function accountOf({ store }: Services, email: string): Promise<Account> {
  const known = await store.findAccounts(email);
  if (known.some(({ blockedAt }) => blockedAt !== undefined)) throw unknownToken();
  const [account, ...others] = known.filter(({ issuer }) => issuer !== byAddress);
  if (account !== undefined && others.length === 0) return account;
  const upstreamSubject = email.toLowerCase();
  const subject = subjectOf({ issuer: byAddress, subject: upstreamSubject });
  return {
    subject,
    issuer: byAddress,
    upstreamSubject,
    provider: defaultProvider,
    email,
    name: undefined,
    groups: undefined, // nobody was asked
    confirmedAt: undefined,
  };
}

/**
 * What the service before us did not know, the request says as an authorization request would: resource and
 * scope.
 */
async function makeGrant(
  { clock, random, settings, store }: Services,
  client: Client,
  form: Parameters,
  from: { readonly account: Account; readonly original: OriginalRefreshToken; readonly token: string },
): Promise<Grant> {
  const resource = await chooseResource(store, settings, form.all("resource"));
  if (resource === undefined) {
    throw new OAuthError("invalid_target", { hint: "resource is missing and this server has no default" });
  }
  const now = clock.now();
  const endsAt = after(now, settings.lifetimes.grant);
  return {
    id: grantIdOfOriginal(from.token),
    clientId: client.id,
    subject: from.account.subject,
    email: from.original.email,
    scope: grantableScope(form.get("scope"), resource, true),
    resource: resource.identifier,
    generation: firstOfOurs,
    salt: mintSalt(random),
    authTime: from.original.createdAt,
    createdAt: now,
    rotatedAt: now,
    keyId: settings.keyId,
    expiresAt: Math.min(endsAt, after(now, settings.lifetimes.grantIdle)) as Seconds,
    endsAt,
  };
}

function unknownToken(): OAuthError {
  return new OAuthError("invalid_grant", { hint: "unknown, expired or revoked refresh token" });
}
