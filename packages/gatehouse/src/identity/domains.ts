import { domainToUnicode } from "node:url";
import { canonicalHost } from "../oauth/host.ts";
import type { IdentityProvider } from "../oauth/ports.ts";

/** Whether a provider speaks for an address: its whole domain is compared, a subdomain is another (V16). */
export type SpeaksFor = (email: string) => boolean;

/**
 * @param domains of the provider
 * @param ofOthers what the other providers name, which is not theirs alone when this one says `"*"`
 */
export function speaksFor(domains: IdentityProvider["domains"], ofOthers: readonly string[]): SpeaksFor {
  if (domains === undefined) return () => true;
  if (domains === "*") return (email) => !ofOthers.includes(domainOf(email));
  return (email) => domains.includes(domainOf(email));
}

/** The domain of an address, as it is compared. */
export const domainOf = (email: string) => canonicalDomain(email.slice(email.lastIndexOf("@") + 1));

/**
 * In the form of the configuration: lower case, IDN in its ASCII form. What only becomes a name of it by
 * folding stays as it is, and out.
 */
export function canonicalDomain(domain: string): string {
  const plain = domain.toLowerCase();
  const canonical = canonicalHost(plain);
  return canonical !== undefined && domainToUnicode(canonical) === plain ? canonical : plain;
}
