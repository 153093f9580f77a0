import { githubEndpoints } from "../../identity/github/endpoints.ts";
import { google, microsoftHost, personalTenant, presets } from "../../identity/openid/presets.ts";
import type { DeclaredProvider } from "./providers.ts";

type Part = Partial<DeclaredProvider>;
export type ProviderKind = NonNullable<DeclaredProvider["kind"]>;

/*
 * What a provider in the file comes to, as far as that follows from its settings alone. Asked of what is
 * checked, which may lack anything.
 */

/** A preset implies its kind. */
export function kindOf({ kind, preset }: Part): ProviderKind | undefined {
  return kind ?? (preset === undefined ? undefined : "openid");
}

export function titleOf(part: Part): string | undefined {
  if (part.title !== undefined) return part.title;
  switch (kindOf(part)) {
    case "github":
      return part.host === undefined ? "GitHub" : new URL(part.host).host;
    case "passkey":
      return "Passkey";
    case "development":
      return "Development";
    default:
      if (part.preset !== undefined) return presets[part.preset].title;
      return part.issuer === undefined ? part.name : titleOfIssuer(part.issuer);
  }
}

export const titleOfIssuer = (issuer: string) =>
  issuer === google ? presets.google.title : new URL(issuer).host;

export const isGuid = (text: string) => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);

/** The tenants of Entra that stand for many: whoever has an account of any kind. */
export const isManyTenants = (tenant: string) => /^(?:common|organizations|consumers)$/i.test(tenant);

/**
 * The issuers its people may come from, in a form to be compared. A tenant that is named by a domain may be
 * any at its host: `https://login.microsoftonline.com/*`.
 */
export function issuersOf(part: Part): string[] {
  switch (kindOf(part)) {
    case "github":
      return [githubEndpoints(part.host).issuer];
    case "passkey":
    case "development":
      return [String(part.kind)];
  }
  if (part.preset === "google") return [google];
  if (part.preset === "microsoft") {
    const host = part.host ?? microsoftHost;
    const named = part.tenants ?? (part.tenant === undefined ? [] : [part.tenant]);
    return named.map((tenant) => (isGuid(tenant) ? `${host}/${tenant.toLowerCase()}/v2.0` : `${host}/*`));
  }
  return part.issuer === undefined ? [] : [new URL(part.issuer).href.replace(/\/+$/, "")];
}

export const mayBeTheSame = (one: string, other: string) =>
  one === other || isWildcardOf(one, other) || isWildcardOf(other, one);

const isWildcardOf = (wildcard: string, issuer: string) =>
  wildcard.endsWith("/*") && issuer.startsWith(wildcard.slice(0, -1));

/** Whether whoever likes can have an account there, so that without rules everybody may sign in (V39). */
export function isOpenToAll(part: Part): boolean {
  switch (kindOf(part)) {
    case "github":
      return part.host === undefined && part.organizations === undefined;
    case "openid": {
      const { preset, tenant, tenants = [], issuer } = part;
      if ([tenant?.toLowerCase(), ...tenants].includes(personalTenant)) return true;
      return issuer === google || (preset !== undefined && presets[preset].openToAll);
    }
    default:
      return false;
  }
}
