import { SignInError } from "../../oauth/ports.ts";
import { canonicalDomain, domainOf, speaksFor } from "../domains.ts";
import type { OpenIdOptions } from "./options.ts";
import { google } from "./presets.ts";

export interface Account {
  /** Proven, or empty. */
  readonly email: string;
  /** The claim `hd` of the ID token. */
  readonly hostedDomain: unknown;
}

type Bounds = Pick<OpenIdOptions, "name" | "preset" | "issuer" | "domains" | "otherDomains" | "ofVariables">;

/**
 * Refuses accounts whose address the provider may not speak for (C15, V18): its domain must be one of the
 * provider's, subdomains are others. At Google the signed `hd` claim must be one as well, since a private
 * account may carry an address of it and keeps it when its owner leaves (V29). Throws {@link SignInError}
 * `access_denied`.
 */
export function checkOrganisation(account: Account, bounds: Bounds): void {
  const { preset, issuer, domains, otherDomains, ofVariables } = bounds;
  const { email, hostedDomain } = account;
  if (Array.isArray(domains) && (preset === "google" || issuer === google)) {
    const hosted = typeof hostedDomain === "string" ? canonicalDomain(hostedDomain) : undefined;
    if (hosted === undefined || !domains.includes(hosted)) throw foreign(account, hostedDomain, bounds);
    // As ever: alone, a Workspace's own word is enough, also for addresses at its other domains.
    if (ofVariables && otherDomains === undefined) return;
  }
  if (email === "" || speaksFor(domains, otherDomains ?? [])(email)) return;
  throw foreign(account, email.slice(email.lastIndexOf("@") + 1), bounds);
}

function foreign({ email }: Account, domain: unknown, { name, domains, ofVariables }: Bounds): SignInError {
  const list = ofVariables
    ? `one of ALLOWED_DOMAINS${Array.isArray(domains) ? ` (${domains.slice(0, 10).join(", ")})` : ""}`
    : domains === "*"
      ? `a domain that the provider ${name} may speak for: another provider names it`
      : `one of the domains of the provider ${name}`;
  // A private account may have an address of a company: then its domain is not what is wrong.
  const own = Array.isArray(domains) && !domains.includes(domainOf(email)) ? domains : [];
  const said = own.length > 5 ? [] : own;
  return new SignInError("access_denied", `the account's domain is ${JSON.stringify(domain)}, not ${list}`, {
    hint: "accounts of this organisation may not sign in here",
    reason: { key: "foreignAccount", email, domains: said },
    logReason: "domain",
    account: email,
  });
}
