/*
 * What is known of the providers that people have most: data, in the words of `providers:` in gatehouse.yaml.
 * Behaviour that no setting can describe stands where it acts: `organisation.ts` (Google), `microsoft.ts`.
 */

export const presetNames = [
  "google",
  "microsoft",
  "okta",
  "auth0",
  "keycloak",
  "authentik",
  "authelia",
  "zitadel",
  "pocket-id",
] as const;
export type PresetName = (typeof presetNames)[number];

export interface Preset {
  /** The button's text, unless the operator has a better one. */
  readonly title: string;
  /** Where it is the same for everybody, or follows from the tenants ({@link microsoftIssuer}). */
  readonly issuer: string | "of tenants" | undefined;
  /** Asked for besides `openid email profile`, so that groups come (V08). */
  readonly groupsScopes: readonly string[];
  /** Where groups stand, unless `groups_claim` says otherwise. */
  readonly groupsClaim: string | undefined;
  /** The values of `prompt` it takes, where its metadata does not say. */
  readonly prompts: readonly string[] | undefined;
  /**
   * Whether `trust_email` may be said of it (V15): `never`, because strangers can have an account there with
   * an address of somebody else; only with exactly one tenant; or wherever its operator answers for it.
   */
  readonly trustEmail: "never" | "one tenant" | "allowed";
  /** Whoever likes can make an account there: without rules everybody has access (V39). */
  readonly openToAll: boolean;
}

const selfHosted = {
  issuer: undefined,
  groupsScopes: [],
  groupsClaim: "groups",
  prompts: undefined,
  trustEmail: "allowed",
  openToAll: false,
} as const;

export const google = "https://accounts.google.com";
/** Unless `host` names another of Microsoft's clouds. */
export const microsoftHost = "https://login.microsoftonline.com";
/** The tenant of all personal Microsoft accounts (V24). */
export const personalTenant = "9188040d-6c67-4c5b-b112-36a304b66dad";

export const presets: Readonly<Record<PresetName, Preset>> = {
  google: {
    ...selfHosted,
    title: "Google",
    issuer: google,
    groupsClaim: undefined,
    prompts: ["none", "consent", "select_account"],
    trustEmail: "never",
    openToAll: true,
  },
  microsoft: { ...selfHosted, title: "Microsoft", issuer: "of tenants", trustEmail: "one tenant" },
  okta: { ...selfHosted, title: "Okta", groupsScopes: ["groups"] },
  // Its groups stand under a name of the operator's own, which only they know.
  auth0: { ...selfHosted, title: "Auth0", groupsClaim: undefined, openToAll: true },
  keycloak: { ...selfHosted, title: "Keycloak" },
  authentik: { ...selfHosted, title: "authentik" },
  authelia: { ...selfHosted, title: "Authelia", groupsScopes: ["groups"] },
  zitadel: {
    ...selfHosted,
    title: "Zitadel",
    groupsScopes: ["urn:zitadel:iam:org:projects:roles"],
    groupsClaim: "urn:zitadel:iam:org:project:roles",
  },
  "pocket-id": { ...selfHosted, title: "Pocket ID", groupsScopes: ["groups"] },
};

/**
 * The scopes asked for unless `scopes` says otherwise (V08). Okta knows `groups` only at its org server,
 * whose issuer has no path; a custom one refuses the whole request for it.
 */
export function scopesOf(preset: PresetName | undefined, issuer: string): readonly string[] {
  const basic = ["openid", "email", "profile"];
  if (preset === undefined || (preset === "okta" && new URL(issuer).pathname !== "/")) return basic;
  return [...basic, ...presets[preset].groupsScopes];
}

/**
 * The issuer under which Microsoft Entra is asked for its metadata (V24, V25).
 * @param tenants one, as GUID or domain, or several GUIDs
 * @param host of the cloud, without a slash at the end
 */
export function microsoftIssuer(
  tenants: { readonly tenant: string } | { readonly tenants: readonly string[] },
  host: string = microsoftHost,
): string {
  if ("tenant" in tenants) return `${host}/${tenants.tenant.toLowerCase()}/v2.0`;
  return `${host}/${tenants.tenants.includes(personalTenant) ? "common" : "organizations"}/v2.0`;
}
