import type { JWTPayload } from "jose";
import type { OpenIdOptions } from "./options.ts";
import type { ProviderMetadata } from "./provider-metadata.ts";
import { refusedToken } from "./refusal.ts";

/**
 * Of a person who was to sign in anew. Our question goes through the browser, and whoever sits there can take
 * `prompt` and `max_age` out of it: then the provider lets its own session through, and says no time. One
 * that lists `auth_time` has to say it where it was asked (OpenID Connect Core §2), so its silence means that
 * it was not. Throws `SignInError`.
 */
export function requireAuthTime(
  { auth_time: authTime }: JWTPayload,
  { tellsAuthTime }: Pick<ProviderMetadata, "tellsAuthTime">,
  { preset }: Pick<OpenIdOptions, "preset">,
): void {
  // Microsoft lists it, and says it only where the application's manifest asks for it.
  if (!tellsAuthTime || preset === "microsoft" || typeof authTime === "number") return;
  throw refusedToken("it does not say when the person signed in (auth_time), though max_age was asked", {
    logReason: "no auth_time",
  });
}
