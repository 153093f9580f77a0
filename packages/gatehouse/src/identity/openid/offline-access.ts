import type { SignInAttempt } from "../../oauth/ports.ts";
import type { OpenIdOptions } from "./options.ts";
import type { ProviderMetadata } from "./provider-metadata.ts";

/*
 * How a provider is asked for a refresh token, with which it can be asked later whether it still knows the
 * person (V55). Only where the operator wants that; without one people sign in again instead.
 */

type Options = Pick<OpenIdOptions, "preset" | "revalidate" | "scopes">;

const offlineAccess = "offline_access";

/**
 * Google gives one for a parameter of its own (`access_type`), the others for a scope, where they know it.
 */
export function offlineScopes(
  { preset, revalidate, scopes }: Options,
  { knowsScope }: Pick<ProviderMetadata, "knowsScope">,
): readonly string[] {
  const wanted = revalidate !== undefined && scopes === undefined && preset !== "google";
  return wanted && knowsScope(offlineAccess) ? [offlineAccess] : [];
}

/**
 * OpenID Connect Core §11: that scope is ignored unless the person is asked for it. The products behind our
 * presets do not hold to that, and one (Entra) refuses whom their administrator has to ask; Authelia does.
 */
export function offlinePrompt(
  { preset }: Options,
  scopes: readonly string[],
  prompt: SignInAttempt["prompt"] | undefined,
): string | undefined {
  const asks = scopes.includes(offlineAccess) && (preset === undefined || preset === "authelia");
  return asks && prompt !== "none" ? [prompt, "consent"].filter(Boolean).join(" ") : prompt;
}
