import { buildAuthorizationUrl, calculatePKCECodeChallenge } from "openid-client";
import type { SignInAttempt } from "../../oauth/ports.ts";
import { offlinePrompt, offlineScopes } from "./offline-access.ts";
import type { OpenIdOptions } from "./options.ts";
import { presets, scopesOf } from "./presets.ts";
import type { ProviderMetadata } from "./provider-metadata.ts";

/** RFC 5321 §4.5.3.1.3: nobody's address is longer. */
const maxLoginHint = 254;

/**
 * OpenID Connect Core §3.1.2.1. Nothing of the client's request is in it (V07). `access_type` tells Google
 * whether a refresh token is wanted; others ignore it.
 */
export async function authorizationRequest(
  provider: ProviderMetadata,
  options: OpenIdOptions,
  { state, nonce, codeVerifier, prompt, loginHint, maxAge }: SignInAttempt,
): Promise<URL> {
  const scopes = [...scopesAsked(options), ...offlineScopes(options, provider)];
  const asked = offlinePrompt(options, scopes, promptFor(provider, options, prompt));
  return buildAuthorizationUrl(provider.configuration, {
    redirect_uri: options.callbackUrl,
    scope: scopes.join(" "),
    state,
    nonce, // C07
    access_type: options.revalidate === undefined ? "online" : "offline",
    ...(asked === undefined ? {} : { prompt: asked }),
    ...(maxAge === undefined ? {} : { max_age: String(maxAge) }),
    ...(loginHint !== undefined && loginHint.length <= maxLoginHint ? { login_hint: loginHint } : {}),
    ...(provider.takesPkce // C08
      ? { code_challenge: await calculatePKCECodeChallenge(codeVerifier), code_challenge_method: "S256" }
      : {}),
  });
}

/** V08. */
export function scopesAsked({ preset, issuer, scopes, ofVariables }: OpenIdOptions): readonly string[] {
  if (scopes !== undefined) return scopes;
  return ofVariables ? ["openid", "email"] : scopesOf(preset, issuer);
}

/**
 * What the provider can be asked for. One that cannot be asked to have the person sign in anew can have them
 * choose the account.
 */
function promptFor(
  provider: ProviderMetadata,
  { preset }: OpenIdOptions,
  prompt: SignInAttempt["prompt"],
): SignInAttempt["prompt"] | undefined {
  const known = preset && presets[preset].prompts;
  const takes = (value: string) =>
    known === undefined ? provider.takesPrompt(value) : known.includes(value);
  if (takes(prompt)) return prompt;
  return known !== undefined && prompt === "login" ? "select_account" : undefined;
}
