import type { JWTPayload } from "jose";

/** What a provider says of somebody, by where it says it. */
export interface Claims {
  /** Verified. */
  readonly idToken: JWTPayload;
  /** Of the same person (V10); `undefined`: not asked, because nothing was lacking, or there is none. */
  readonly userinfo: Readonly<Record<string, unknown>> | undefined;
  /** Why userinfo could not be had though something was lacking. */
  readonly userinfoFailed?: string | undefined;
}

export interface Found {
  readonly value: unknown;
  readonly place: "idToken" | "userinfo";
}

/** V11: what stands in the ID token is taken from there, whatever it is; userinfo only adds. */
export function findClaim(claims: Claims, look: (claims: unknown) => unknown): Found | undefined {
  for (const place of ["idToken", "userinfo"] as const) {
    const value = look(claims[place]);
    if (value !== undefined) return { value, place };
  }
  return undefined;
}

/** Looks a claim up by its name. */
export const named = (name: string) => (claims: unknown) => own(claims, name);

/** V37: as a literal name first, which may have dots or be a URL, then as a path (`realm_access.roles`). */
export const namedOrAt = (name: string) => (claims: unknown) =>
  own(claims, name) ?? name.split(".").reduce<unknown>(own, claims);

/** Own members only: `__proto__` and `constructor` are no claims unless the provider sends them. */
function own(object: unknown, name: string): unknown {
  if (typeof object !== "object" || object === null || Array.isArray(object)) return undefined;
  return Object.getOwnPropertyDescriptor(object, name)?.value;
}
