import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import { SignInError } from "../../oauth/ports.ts";
import type { Outbound } from "../outbound.ts";

/** The provider's public keys (RFC 7517 §5), ready for look-up by `kid`. Throws {@link SignInError}. */
export async function fetchSigningKeys(jwksUri: string, outbound: Outbound): Promise<JWTVerifyGetKey> {
  const response = await outbound(jwksUri, { headers: { accept: "application/json" } });
  if (response.status !== 200) {
    throw new SignInError("temporarily_unavailable", `the keys at ${jwksUri} answered ${response.status}`);
  }
  try {
    return createLocalJWKSet((await response.json()) as JSONWebKeySet); // which checks that it is one
  } catch (cause) {
    throw new SignInError("server_error", `what ${jwksUri} answered is no set of keys`, { cause });
  }
}
