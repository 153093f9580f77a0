import type { ProviderKind } from "./provider-meaning.ts";
import type { Member } from "./provider-parts.ts";

/* Which settings a provider may have, and which it needs, by its kind. */

export const ofAll: readonly Member[] = ["name", "kind", "preset", "title", "domains"];

const ofProvidersWithSecret = ["client_id", "client_secret"] as const;

export const ofKind: Readonly<Record<ProviderKind, readonly Member[]>> = {
  openid: [
    ...ofProvidersWithSecret,
    ...(["issuer", "scopes", "trust_email", "email_claim", "address", "groups_claim"] as const),
    ...(["revalidate", "revalidate_grace", "backchannel_logout"] as const),
  ],
  github: [
    ...ofProvidersWithSecret,
    ...(["scopes", "trust_email", "address", "organizations", "host"] as const),
    ...(["revalidate", "revalidate_grace"] as const),
  ],
  passkey: [],
  development: [],
};

/** Besides those of the kind openid. */
export const ofMicrosoft: readonly Member[] = ["tenant", "tenants", "host"];

export const neededBy: Readonly<Record<ProviderKind, readonly Member[]>> = {
  openid: ofProvidersWithSecret,
  github: ofProvidersWithSecret,
  passkey: [],
  development: [],
};
