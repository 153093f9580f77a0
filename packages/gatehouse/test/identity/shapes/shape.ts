import type { JWTPayload } from "jose";
import type { OpenIdOptions } from "../../../src/identity/openid/options.ts";
import type { PresetName } from "../../../src/identity/openid/presets.ts";
import type { Identity } from "../../../src/oauth/ports.ts";

/** How one provider behaves, by its public documentation: data for `player.ts`. */
export interface Shape {
  readonly preset: PresetName;
  /** Its own name for this way of setting it up, where there are several. */
  readonly variant?: string;
  /** Where what stands here was read. */
  readonly sources: readonly string[];
  /** What is not written there, and was seen in no live token yet either. */
  readonly fromMemory?: readonly string[];
  /** The path of its issuer. */
  readonly path: string;
  /** Put over oidc-provider's metadata; `undefined` removes a member. */
  readonly metadata?: (issuer: string) => Readonly<Record<string, unknown>>;
  /** False: its answers do not name it (RFC 9207). */
  readonly namesItself?: false;
  /** Scopes besides `openid`, `email` and `profile`. */
  readonly scopes?: readonly string[];
  /** What its ID token says of the person besides `iss`, `aud`, `sub`, `iat`, `exp`, `nonce`. */
  readonly idToken: Readonly<Record<string, unknown>>;
  /** What depends on the client or the issuer: `azp`, a list in `aud`. */
  readonly about?: (clientId: string, issuer: string) => JWTPayload;
  /** What userinfo says besides `sub`. */
  readonly userinfo: Readonly<Record<string, unknown>>;
  readonly sub: string;
  /** Members of its public keys, besides those of RFC 7517. */
  readonly keyMembers?: (issuer: string) => Readonly<Record<string, unknown>>;
  /** How the operator sets it up here. */
  readonly options?: Partial<OpenIdOptions>;
  /** The claim that proves the address. */
  readonly proof: "email_verified" | "xms_edov";
  /** Whose account it is, where not the issuer's that the operator names. */
  readonly issuerOfPerson?: (issuer: string) => string;
  /** Who comes of it. */
  readonly person: Pick<Identity, "subject" | "email" | "name" | "groups" | "sid">;
}
