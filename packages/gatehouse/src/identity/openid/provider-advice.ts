import { isLoopbackUrl } from "../../oauth/host.ts";
import { SignInError } from "../../oauth/ports.ts";
import { tenantPlaceholder } from "./microsoft.ts";

/** Which provider it is about. */
export interface ProviderAbout {
  readonly issuer: string;
  /** Where its issuer is set, in words: `UPSTREAM_ISSUER`, or a place in the file. */
  readonly setting: string;
  /** Undefined: there is no other. */
  readonly name: string | undefined;
}

/** What an operator should look at when the provider cannot be used, by node's code for why. */
const byCode: Readonly<Record<string, (setting: string) => string>> = {
  ENOTFOUND: (setting) => `check the spelling of ${setting}, and this machine's name server`,
  EAI_AGAIN: () => "this machine's name server does not answer",
  ECONNREFUSED: (setting) =>
    `nothing listens there: check the port in ${setting}, and whether the provider runs`,
  CERT_HAS_EXPIRED: () => "its certificate has expired, or this machine's clock is wrong",
  ERR_TLS_CERT_ALTNAME_INVALID: (setting) => `its certificate is for another name than the one in ${setting}`,
};
const unknownAuthority = [
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
];

/**
 * Why the provider's own description of itself cannot be used, and what to check, in one sentence for the
 * operator's log.
 * @param error what `discover` threw
 */
export function describeDiscoveryFailure(about: ProviderAbout, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const through = about.name === undefined ? "" : ` through ${about.name}`;
  return `nobody can sign in${through}: ${message}. What to check: ${adviceFor(about, error)}`;
}

/** What to check, without the reason. */
export function adviceFor({ issuer, setting }: ProviderAbout, error: unknown): string {
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    const code = "code" in inner ? String(inner.code) : "";
    if (unknownAuthority.includes(code)) {
      return "its certificate is of no authority that this machine trusts; if it is your company's, name the authority's file: CA_FILE=/path/ca.pem";
    }
    const advice = byCode[code];
    if (advice !== undefined) return advice(setting);
  }
  const named = error instanceof SignInError ? error.issuerFound : undefined;
  if (named?.includes(tenantPlaceholder)) {
    return "that is Microsoft's place for all tenants, where whoever has a tenant could claim anybody's address: configure it under providers: in gatehouse.yaml, with preset: microsoft and the tenant, or the list of tenants, whose accounts may sign in";
  }
  if (named !== undefined) {
    const set = setting === "UPSTREAM_ISSUER" ? `set ${setting}=${named}` : `set ${setting} to ${named}`;
    return isSameButSlash(issuer, named)
      ? `a slash at the end counts: ${set}`
      : `if that is the provider you mean, ${set}, to the letter`;
  }
  if (error instanceof SignInError && error.code === "temporarily_unavailable") {
    const more = isLoopbackUrl(new URL(issuer)) ? "" : ", and whether a firewall lets this machine reach it";
    return `whether the provider runs${more}`;
  }
  return `whether ${issuer} is the issuer of an OpenID provider: its document is at ${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
}

const isSameButSlash = (one: string, other: string) => one.replace(/\/$/, "") === other.replace(/\/$/, "");
