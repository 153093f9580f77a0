import type { Admins, IdentityProviders, Person } from "../oauth/ports.ts";
import { factsOf } from "./match.ts";
import type { GroupName } from "./rules.ts";

/** Who may use the console, as the operator wrote it: all in the form that rules have. */
export interface AdminList {
  readonly addresses: readonly string[];
  readonly groups: readonly GroupName[];
}

/**
 * Who is an administrator: by an address, where the person came through the provider that may speak for it
 * now, or by a group of their provider. Groups that are not known make nobody one (Z30).
 */
export function createAdmins(list: AdminList, providers: IdentityProviders): Admins {
  return {
    includes(person) {
      const facts = factsOf(person);
      if (list.addresses.includes(facts.address)) return speaksFor(providers, person, facts.domain);
      if (providers.find(person.provider) === undefined) return false;
      return list.groups.some(
        ({ provider, name }) => provider === facts.provider && facts.groups?.includes(name) === true,
      );
    },
  };
}

/** Whether the provider the person came through is the one that is trusted with addresses at this domain. */
function speaksFor({ all, find }: IdentityProviders, { provider }: Person, domain: string): boolean {
  const through = find(provider);
  if (through === undefined) return false;
  const { domains } = through;
  if (domains === undefined) return true;
  if (domains !== "*") return domains.includes(domain);
  return !all.some((other) => Array.isArray(other.domains) && other.domains.includes(domain));
}
