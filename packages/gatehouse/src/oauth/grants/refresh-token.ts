import { type KnownClient, recogniseClient } from "../clients/known-clients.ts";
import { OAuthError } from "../messages/errors.ts";
import type { Parameters } from "../messages/parameters.ts";
import type { OAuthRequest } from "../messages/request.ts";
import type { Access } from "../ports.ts";
import type { Client, Grant } from "../records.ts";
import { narrowResource, refuseLeft } from "../resource.ts";
import { narrowScope, remainingScope } from "../scope.ts";
import type { Services } from "../services.ts";
import type { Settings } from "../settings.ts";
import type { ReplayPolicy, Rotation } from "../store/grants.ts";
import {
  isGenuine,
  type PresentedRefreshToken,
  parseRefreshToken,
  refreshTokenOf,
} from "../tokens/refresh-token.ts";
import { after, type Seconds, seconds } from "../values.ts";
import { confirmPerson } from "./confirmation.ts";
import { type GrantType, lookedUpEarly, scopeMember, type TokenResponse } from "./grant-type.ts";
import { findHeldGrant, type HeldGrant, withinAccess } from "./held-grant.ts";
import { issueAccessToken } from "./issue.ts";
import { exchangeOriginal, type PresentedGrant } from "./original-refresh-token.ts";

/**
 * The refresh token grant with lossless rotation, OAuth 2.1 §4.3. Whatever fails before the rotation leaves
 * the refresh token as it was (G12).
 */
export const refreshToken: GrantType = (services, request, form) => {
  const access = services.access();
  const token = form.get("refresh_token");
  const presented = token === undefined ? undefined : parseRefreshToken(token);
  const named = presented && lookedUpEarly(findHeldGrant(services, access, presented.grantId));
  return async (client) => {
    // G01
    if (token === undefined) throw new OAuthError("invalid_request", { hint: "refresh_token is missing" });
    if (presented !== undefined) {
      const held = requireProven(services, client, presented, await named);
      return rotate(services, request, client, form, access, { ...held, generation: presented.generation });
    }
    const exchanged = await exchangeOriginal(services, request, client, form, access, token);
    return "grant" in exchanged ? rotate(services, request, client, form, access, exchanged) : exchanged;
  };
};

async function rotate(
  services: Services,
  request: OAuthRequest,
  client: Client,
  form: Parameters,
  access: Access | undefined,
  { generation, ...found }: PresentedGrant,
): Promise<TokenResponse> {
  refuseLeft(found.grant);
  const asked = narrowScope(found.grant.scope, form.get("scope"), found.grant.takenScope); // G07
  narrowResource(found.grant.resource, form.all("resource")); // G09
  const held = await confirmPerson(services, request, found);
  const { grant, scope } = await withinAccess(services, request, access, held, asked);
  const { clock, settings, store } = services;
  const now = clock.now();
  const known = recogniseClient(client);
  const expiresAt = idleEnd(grant, now, settings);
  const issued = issueAccessToken(
    services,
    client,
    { ...grant, expiresAt },
    scope,
    settings.lifetimes.accessToken,
  );
  const rotation = await store.rotateGrant({
    grantId: grant.id,
    presented: generation,
    now,
    replay: replayPolicy(known, settings),
    expiresAt,
    keyId: settings.keyId,
    address: request.address,
    accessToken: issued.record,
  });
  const live = await settle(services, request, { grant, generation, known, now }, rotation);
  return {
    access_token: issued.tokenAt(live),
    token_type: "Bearer",
    expires_in: issued.lifetime,
    // The live one. Of a replayed previous generation that is the very successor its first use got (G05).
    refresh_token: refreshTokenOf(grant, live, settings),
    // Y19. What the token itself allows is looked at again whenever somebody asks.
    ...scopeMember(remainingScope(scope, grant.standing)),
  };
}

/**
 * Where the grant ends if nobody refreshes it again (G11). It moves once a day at most, since each move also
 * writes to an index: who is idle for less than `GRANT_IDLE_TTL` less a day never ends (X10).
 */
function idleEnd(grant: Grant, now: Seconds, { lifetimes }: Settings): Seconds {
  const latest = Math.min(grant.endsAt, after(now, lifetimes.grantIdle)) as Seconds;
  const step = Math.min(oneDay, lifetimes.grantIdle / 30);
  return latest - grant.expiresAt < step ? grant.expiresAt : latest;
}

const oneDay = 86_400;

/**
 * The live grant the presented token belongs to, proven by its MAC: a forged token goes no further and harms
 * nothing (G-n6).
 */
function requireProven(
  { settings }: Services,
  client: Client,
  presented: PresentedRefreshToken,
  held: HeldGrant | undefined,
): HeldGrant {
  if (held === undefined || !isGenuine(presented, held.grant, settings)) {
    throw invalidGrant("unknown, expired or revoked refresh token");
  }
  if (held.grant.clientId !== client.id) throw invalidGrant("unknown, expired or revoked refresh token"); // G02
  return held;
}

/**
 * How many seconds, and how far back, a superseded refresh token of this client is forgiven (G05); more of a
 * known one's (G17).
 */
function replayPolicy(known: KnownClient | undefined, { lifetimes }: Settings): ReplayPolicy {
  const { replayWindow: window, lateReplay: late } = lifetimes;
  if (known?.replay === undefined || window === 0) return { window, generations: 1, late };
  const { generations } = known.replay;
  return { window: seconds(Math.max(known.replay.window, window)), generations, late };
}

/**
 * The live generation to answer with. One that was skipped (G14) or is older than the replay policy forgives
 * (G04) is a stolen one: the grant ends for thief and owner alike.
 */
async function settle(
  { events, store, uses }: Services,
  request: OAuthRequest,
  {
    grant,
    generation,
    known,
    now,
  }: { grant: Grant; generation: number; known: KnownClient | undefined; now: Seconds },
  rotation: Rotation,
): Promise<number> {
  const about = {
    request: request.id,
    client: grant.clientId,
    subject: grant.subject,
    grant: grant.id,
    attempt: grant.reference,
    address: request.address,
  };
  switch (rotation.outcome) {
    case "rotated": {
      const count = isFirstOfDay(grant, now) ? rotation.generation - 1 : undefined;
      events.emit({ name: "token_refreshed", ...about, count });
      return rotation.generation;
    }
    case "replayed": {
      uses.note(grant.id, { address: request.address });
      const detail = howFarBack(rotation.generation - generation, known);
      events.emit({ name: "refresh_replayed", ...about, detail });
      return rotation.generation;
    }
    case "skipped_ahead": {
      const detail = `generation ${rotation.generation - 1} was never presented and is skipped`;
      events.emit({ name: "refresh_late", ...about, detail });
      return rotation.generation;
    }
    case "fast_forwarded": {
      const detail = `generation ${generation} presented, ${grant.generation} stored: the database is behind its tokens (a restored backup, a promoted replica?)`;
      events.emit({ name: "refresh_ahead", ...about, detail });
      return rotation.generation;
    }
    case "reused":
      await store.revokeGrant(grant.id);
      events.emit({ name: "refresh_reused", ...about, reason: rotation.reason });
      throw invalidGrant(reusedHints[rotation.reason]);
    case "gone":
      throw invalidGrant("unknown, expired or revoked refresh token");
  }
}

/**
 * Whether a grant that was rotated just now had not been before on this day (UTC). That one refresh stands in
 * the audit trail, with how many the grant has had: so the trail has one record a day and grant, whichever
 * processes serve it, and nobody counts anything (Z15).
 */
function isFirstOfDay({ generation, rotatedAt }: Grant, now: Seconds): boolean {
  return generation === 1 || Math.floor(rotatedAt / oneDay) !== Math.floor(now / oneDay);
}

const reusedHints = {
  superseded: "the refresh token was used before; the grant is revoked",
  skipped: "the refresh token was skipped, because the one before it was used again; the grant is revoked",
};

/**
 * What the operator reads of a replay: how many generations back it was, and which known client's bounds
 * held.
 */
function howFarBack(generations: number, known: KnownClient | undefined): string {
  const back = generations === 1 ? "1 generation back" : `${generations} generations back`;
  return known === undefined ? back : `${back}, taken for ${known.name}`;
}

function invalidGrant(hint: string): OAuthError {
  return new OAuthError("invalid_grant", { hint });
}
