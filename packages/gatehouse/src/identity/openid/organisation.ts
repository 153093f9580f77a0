import { domainToUnicode } from "node:url";
import { canonicalHost } from "../../oauth/host.ts";
import { SignInError } from "../../oauth/ports.ts";

export const google = "https://accounts.google.com";

/**
 * Refuses accounts of other organisations (C15): the domain must be one of those allowed, subdomains are
 * others. At Google the signed `hd` claim is the domain, since a private account may carry an address of it,
 * and keeps it when its owner leaves; elsewhere the domain of the verified address is. Throws {@link
 * SignInError} `access_denied`.
 */
export function checkOrganisation(
  account: { readonly issuer: string; readonly email: string; readonly hostedDomain: unknown },
  allowedDomains: readonly string[] | undefined,
): void {
  if (allowedDomains === undefined) return;
  const { issuer, email, hostedDomain } = account;
  const domain = issuer === google ? hostedDomain : email.slice(email.lastIndexOf("@") + 1);
  if (typeof domain === "string" && allowedDomains.includes(canonicalDomain(domain))) return;
  throw new SignInError(
    "access_denied",
    `the account's domain is ${JSON.stringify(domain)}, not one of ALLOWED_DOMAINS`,
    {
      hint: "accounts of this organisation may not sign in here",
      reason: { key: "foreignAccount" },
      account: email,
    },
  );
}

/**
 * In the form of `ALLOWED_DOMAINS`: lower case, IDN in its ASCII form. What only becomes a name of that list
 * by folding stays as it is, and out.
 */
function canonicalDomain(domain: string): string {
  const plain = domain.toLowerCase();
  const canonical = canonicalHost(plain);
  return canonical !== undefined && domainToUnicode(canonical) === plain ? canonical : plain;
}
