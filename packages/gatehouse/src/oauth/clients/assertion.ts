import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  jwtVerify,
} from "jose";
import type { Client, ClientKeys } from "../records.ts";
import type { Services } from "../services.ts";
import { isStorable } from "../text.ts";
import { hashSecret } from "../tokens/secret.ts";
import { type Seconds, seconds } from "../values.ts";
import { isDocumented } from "./client.ts";
import { type Requester, refetchClient } from "./lookup.ts";
import { assertionAlgorithms, isCheap, maxKeys } from "./metadata.ts";
import { keySetDocument } from "./metadata-document.ts";

/** RFC 7523 §2.2. */
export const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/** Seconds that two clocks may differ. */
const skew = 60;
/** Seconds from now that an assertion may live: a stolen one must not be good for ever (Q08). */
const maxLifetime = 3600;
const maxAssertionLength = 8192;

type KeySet = NonNullable<ClientKeys["jwks"]>;

/** Whom an assertion claims to be from; proves nothing. `undefined` when it is none. */
export function claimedClient(assertion: string): string | undefined {
  if (assertion.length > maxAssertionLength) return undefined;
  try {
    const subject: unknown = decodeJwt(assertion).sub;
    return typeof subject === "string" && subject !== "" && isStorable(subject) ? subject : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Verifies a client assertion, RFC 7523 §3 (Q05-Q11), and uses it up. Everything else is checked before that,
 * so a faulty request uses up nothing.
 * @returns what is wrong with it, for the log; `undefined` when it is good
 * @throws DocumentError when the keys cannot be fetched
 */
export async function checkAssertion(
  services: Services,
  client: Client,
  assertion: string,
  request: Requester,
): Promise<string | undefined> {
  const { clock, settings, store } = services;
  const now = clock.now();
  const header = readHeader(assertion);
  if (header === undefined) return "not a JWS of a type for client authentication"; // Q11
  if (client.keys?.algorithm !== undefined && header.alg !== client.keys.algorithm) {
    return "not signed with the registered algorithm"; // Q10
  }
  const verified = await verify(services, client, assertion, request);
  if (typeof verified === "string") return verified;
  const { aud, exp = 0, iat, jti } = verified;
  const audiences: unknown[] = Array.isArray(aud) ? aud : [aud];
  const [audience] = audiences;
  // Q07: the issuer and nothing beside it, or the assertion could be one made for somebody else.
  const isOurs = typeof audience === "string" && settings.assertionAudiences.includes(audience);
  if (audiences.length !== 1 || !isOurs) {
    return "not made for this server";
  }
  if (exp > now + maxLifetime) return "valid for longer than an hour"; // Q08
  if (iat !== undefined && iat > now + skew) return "made in the future";
  if (typeof jti !== "string" || jti === "" || jti.length > 500) return "has no usable jti";
  const single = await store.useAssertion(
    hashSecret(JSON.stringify([client.id, jti])),
    seconds(exp + skew), // as long as it would be accepted
  );
  return single ? undefined : "was used before"; // Q09
}

function readHeader(assertion: string): { alg: string } | undefined {
  if (assertion.length > maxAssertionLength) return undefined;
  try {
    const { alg, typ } = decodeProtectedHeader(assertion);
    const typed = typ === undefined || /^(?:jwt|(?:application\/)?client-authentication\+jwt)$/i.test(typ);
    return typed && alg !== undefined ? { alg } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * With the client's keys at hand, and once more with fresh ones when none of them fits: it may have new ones
 * (Q12).
 */
async function verify(
  services: Services,
  client: Client,
  assertion: string,
  request: Requester,
): Promise<JWTPayload | string> {
  const now = services.clock.now();
  const keys = await keysOf(services, client.keys, request);
  const first = await verifyWith(keys, client, assertion, now);
  if (first !== unknownKey) return first;
  const fresh = await freshKeysOf(services, client, request);
  return fresh === keys ? first : verifyWith(fresh, client, assertion, now);
}

const unknownKey = "signed with no key of this client";

async function verifyWith(
  keys: KeySet,
  client: Client,
  assertion: string,
  now: Seconds,
): Promise<JWTPayload | string> {
  const options = {
    algorithms: assertionAlgorithms, // never none, never a shared secret
    issuer: client.id, // Q06
    subject: client.id,
    requiredClaims: ["exp", "jti"],
    clockTolerance: skew,
    currentDate: new Date(now * 1000),
  };
  try {
    // An earlier version accepted larger ones.
    const cheap = { keys: keys.keys.filter(isCheap).slice(0, maxKeys) };
    return (await jwtVerify(assertion, createLocalJWKSet(cheap), options)).payload;
  } catch (error) {
    if (error instanceof errors.JWKSMultipleMatchingKeys) {
      for await (const key of error) {
        const verified = await jwtVerify(assertion, key, options).catch(() => undefined);
        if (verified !== undefined) return verified.payload;
      }
      return unknownKey;
    }
    if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWSSignatureVerificationFailed) {
      return unknownKey;
    }
    return error instanceof errors.JOSEError ? error.message : "malformed";
  }
}

async function keysOf(
  services: Services,
  keys: ClientKeys | undefined,
  { address }: Requester,
): Promise<KeySet> {
  if (keys?.uri !== undefined) return services.documents.load(keySetDocument, keys.uri, address);
  return keys?.jwks ?? { keys: [] };
}

async function freshKeysOf(services: Services, client: Client, request: Requester): Promise<KeySet> {
  if (client.keys?.uri !== undefined)
    return services.documents.reload(keySetDocument, client.keys.uri, request.address);
  return keysOf(
    services,
    isDocumented(client) ? (await refetchClient(services, client, request)).keys : client.keys,
    request,
  );
}
