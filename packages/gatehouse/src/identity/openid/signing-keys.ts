import { hash } from "node:crypto";
import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import { SignInError } from "../../oauth/ports.ts";
import type { Outbound } from "../outbound.ts";

/** The provider's public keys (RFC 7517 §5). */
export interface SigningKeys {
  /** Looks a key up by the token's `kid` and `alg`. */
  readonly find: JWTVerifyGetKey;
  readonly count: number;
  /** Members `issuer` of the keys with this `kid`, or of all: there Microsoft says whose a key is (V25). */
  issuersOf(kid: string | undefined): unknown[];
  /** What of each key is public, by its `kid`. */
  readonly byKid: ReadonlyMap<string, string>;
}

/** The names under which another key stands than before. */
export function replacedKeys(before: SigningKeys, now: SigningKeys): string[] {
  return [...before.byKid].flatMap(([kid, key]) => {
    const present = now.byKid.get(kid);
    return present === undefined || present === key ? [] : [kid];
  });
}

/** What tells each key from another under the same name. */
export function fingerprintsOf({ byKid }: SigningKeys): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...byKid].map(([kid, key]) => [kid, hash("sha256", key, "base64url").slice(0, 16)]),
  );
}

/** Throws {@link SignInError}. */
export async function fetchSigningKeys(jwksUri: string, outbound: Outbound): Promise<SigningKeys> {
  const response = await outbound(jwksUri, { headers: { accept: "application/json" } });
  if (response.status !== 200) {
    throw new SignInError("temporarily_unavailable", `the keys at ${jwksUri} answered ${response.status}`);
  }
  try {
    return signingKeys((await response.json()) as JSONWebKeySet);
  } catch (cause) {
    throw new SignInError("server_error", `what ${jwksUri} answered is no set of keys`, { cause });
  }
}

/** Throws what `jose` throws at something that is no key set. */
export function signingKeys(keySet: JSONWebKeySet): SigningKeys {
  const find = createLocalJWKSet(keySet);
  const { keys } = keySet;
  return {
    find,
    count: keys.length,
    byKid: new Map(
      keys.flatMap(({ kid, kty, crv, n, e, x, y }) =>
        kid === undefined ? [] : [[kid, JSON.stringify([kty, crv, n, e, x, y])]],
      ),
    ),
    issuersOf: (kid) =>
      keys.filter((key) => kid === undefined || key.kid === kid).map((key) => ownIssuer(key)),
  };
}

function ownIssuer(key: object): unknown {
  return "issuer" in key ? key.issuer : undefined;
}
