import type { GithubOptions } from "../identity/github/provider.ts";
import type { OpenIdOptions } from "../identity/openid/options.ts";
import { microsoftIssuer, presets } from "../identity/openid/presets.ts";
import { defaultProvider } from "../oauth/ports.ts";
import { type Seconds, seconds } from "../oauth/values.ts";
import type { Values } from "./environment-variables.ts";
import { isOpenToAll, kindOf, titleOf, titleOfIssuer } from "./sections/provider-meaning.ts";
import type { DeclaredProvider } from "./sections/providers.ts";
import type { SectionValues } from "./sections/sections.ts";
import type { Mode } from "./start-conditions.ts";

/*
 * Where people sign in, as it was configured: what the variables and the file come to.
 */

interface Common {
  readonly name: string;
  readonly title: string;
  /** Lower case, IDN in its ASCII form; `undefined`: all, and there is no other provider. */
  readonly domains: readonly string[] | "*" | undefined;
  /** Whether a group of its people can be known at all. */
  readonly givesGroups: boolean;
  /** Whoever likes can have an account there. */
  readonly openToAll: boolean;
}

/** When somebody has to be looked at again. */
interface Revalidation {
  /** After so long without a sign-in; never when left out. */
  readonly revalidate: Seconds | undefined;
  /** How long that may wait while the provider cannot be reached. */
  readonly revalidateGrace: Seconds;
}

export interface OpenIdConfig
  extends Common,
    Revalidation,
    Pick<
      OpenIdOptions,
      "preset" | "issuer" | "tenants" | "clientId" | "clientSecret" | "scopes" | "ofVariables"
    >,
    Pick<OpenIdOptions, "trustEmail" | "emailClaim" | "addressOptional" | "groupsClaim"> {
  readonly kind: "openid";
  /** What a logout there ends here. */
  readonly backchannelLogout: "sessions" | "grants";
}

export interface GithubConfig
  extends Common,
    Revalidation,
    Pick<GithubOptions, "clientId" | "clientSecret" | "scopes" | "host" | "organizations">,
    Pick<GithubOptions, "trustsAddresses" | "addressOptional"> {
  readonly kind: "github";
}

/** Accounts of this server. */
export interface PasskeyConfig extends Common {
  readonly kind: "passkey";
}

/** Only in `gatehouse dev`: whoever types an address is that person. */
export interface DevelopmentConfig extends Common {
  readonly kind: "development";
}

export type ProviderConfig = OpenIdConfig | GithubConfig | PasskeyConfig | DevelopmentConfig;

/**
 * All of them, the one of the variables first. Never empty for a server: `dev` has one of its own where
 * nothing is configured, `serve` does not start.
 * @param values what could be parsed; everything is there when nothing is wrong
 */
export function configuredProviders(
  values: Partial<Values>,
  sections: Pick<SectionValues, "providers">,
  mode: Mode,
): readonly ProviderConfig[] {
  const ofFile = (sections.providers ?? []).map(read);
  const ofVariables = readVariables(values);
  const others = [...(ofVariables === undefined ? [] : [ofVariables]), ...ofFile];
  const all = [...others, ...passkeysOfVariable(values, others)];
  return all.length === 0 && mode === "dev" ? [developmentAlone] : all;
}

const developmentAlone: DevelopmentConfig = {
  kind: "development",
  name: defaultProvider,
  title: "Development",
  domains: undefined,
  givesGroups: false,
  openToAll: true,
};

const hour = seconds(3600);

function readVariables(values: Partial<Values>): OpenIdConfig | undefined {
  const { OAUTH2_CLIENT_ID: clientId, OAUTH2_CLIENT_SECRET: clientSecret, UPSTREAM_ISSUER: issuer } = values;
  if (clientId === undefined || clientSecret === undefined || issuer === undefined) return undefined;
  return {
    kind: "openid",
    name: defaultProvider,
    title: titleOfIssuer(issuer),
    issuer,
    clientId,
    clientSecret,
    domains: values.ALLOWED_DOMAINS,
    ofVariables: true,
    // It is asked for an address, as ever, and for nothing else.
    givesGroups: false,
    openToAll: isOpenToAll({ kind: "openid", issuer }),
    revalidate: undefined,
    revalidateGrace: hour,
    backchannelLogout: "sessions",
  };
}

/** `PASSKEYS=on`: one more, for every domain that no other names; none beside one that the file has. */
function passkeysOfVariable(
  { PASSKEYS: passkeys, ALLOWED_DOMAINS: allowed }: Partial<Values>,
  others: readonly ProviderConfig[],
): PasskeyConfig[] {
  if (passkeys !== "on" || others.some(({ kind }) => kind === "passkey")) return [];
  const domains = others.length === 0 ? allowed : "*";
  return [
    { kind: "passkey", name: "passkey", title: "Passkey", domains, givesGroups: true, openToAll: false },
  ];
}

function read(declared: DeclaredProvider): ProviderConfig {
  const { name, domains, revalidate, revalidate_grace: revalidateGrace = hour } = declared;
  const kind = kindOf(declared);
  const common = { name, title: titleOf(declared) ?? name, domains, openToAll: isOpenToAll(declared) };
  const { client_id: clientId = "", client_secret: clientSecret = "" } = declared;
  const addressOptional = declared.address === "optional";
  switch (kind) {
    case "passkey":
      return { kind, ...common, givesGroups: true };
    case "development":
      return { kind, ...common, givesGroups: false };
    case "github": {
      const scopes = declared.scopes ?? ["user:email", "read:org"];
      return {
        kind,
        ...common,
        clientId,
        clientSecret,
        scopes,
        host: declared.host,
        organizations: declared.organizations,
        trustsAddresses: declared.trust_email ?? false,
        addressOptional,
        givesGroups: scopes.some((scope) => /^(?:read|write|admin):org$/.test(scope)),
        revalidate,
        revalidateGrace,
      };
    }
    default: {
      const { preset } = declared;
      return {
        kind: "openid",
        ...common,
        preset,
        issuer: issuerOf(declared),
        tenants: declared.tenants,
        clientId,
        clientSecret,
        scopes: declared.scopes,
        trustEmail: declared.trust_email,
        emailClaim: declared.email_claim,
        addressOptional,
        groupsClaim: declared.groups_claim,
        givesGroups: (declared.groups_claim ?? (preset && presets[preset].groupsClaim)) !== undefined,
        revalidate,
        revalidateGrace,
        backchannelLogout: declared.backchannel_logout ?? "sessions",
      };
    }
  }
}

function issuerOf({ preset, issuer = "", tenant, tenants, host }: DeclaredProvider): string {
  const implied = preset && presets[preset].issuer;
  if (implied === "of tenants")
    return microsoftIssuer(tenants ? { tenants } : { tenant: tenant ?? "" }, host);
  return implied ?? issuer;
}
