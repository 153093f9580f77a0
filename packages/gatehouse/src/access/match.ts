import { domainToUnicode } from "node:url";
import { canonicalHost } from "../oauth/host.ts";
import type { Person } from "../oauth/ports.ts";
import type { GroupName, Match, Rule } from "./rules.ts";

export const matchKeys = ["everyone", "provider", "domain", "address", "group"] as const;
export type MatchKey = (typeof matchKeys)[number];

/** Why a rule is not about a person: the first of its keys that does not fit. */
export interface Miss {
  readonly key: MatchKey;
  /** It might, were the person's groups known. */
  readonly groupsUnknown: boolean;
}

/**
 * Whether a rule is about a person: `undefined` when it is, else why not. Unknown groups are no member's
 * where a rule allows, and a member's where one denies (V41).
 */
export function missOf({ effect, match }: Rule, person: Person): Miss | undefined {
  for (const key of matchKeys) {
    const fits = match[key] === undefined || fitsKey[key](match, person);
    if (fits === "unknown") {
      if (effect === "allow") return { key, groupsUnknown: true };
    } else if (!fits) {
      return { key, groupsUnknown: false };
    }
  }
  return undefined;
}

type Fits = boolean | "unknown";

const fitsKey: Readonly<Record<MatchKey, (match: Match, person: Person) => Fits>> = {
  everyone: () => true,
  provider: ({ provider = [] }, person) => provider.includes(person.provider),
  domain: ({ domain = [] }, { email }) => domain.includes(domainOf(email)),
  address: ({ address = [] }, { email }) => address.includes(addressOf(email)),
  group: ({ group = [] }, person) => fitsGroup(group, person),
};

function fitsGroup(listed: readonly GroupName[], { provider, groups }: Person): Fits {
  const its = listed.filter((each) => each.provider === provider);
  if (groups === undefined) return its.length > 0 && "unknown";
  return its.some(({ name }) => groups.includes(name));
}

/**
 * In the form of the rules. A name that only becomes one of theirs by folding stays as it is, and matches
 * none; an address that is none has no domain.
 */
function domainOf(email: string): string {
  const plain = email.slice(email.lastIndexOf("@") + 1).toLowerCase();
  if (!email.includes("@")) return "";
  const canonical = canonicalHost(plain);
  return canonical !== undefined && domainToUnicode(canonical) === plain ? canonical : plain;
}

/** In lower case as far as ASCII goes: no other letter may turn into one of an address in the rules. */
function addressOf(email: string): string {
  const local = email.slice(0, email.lastIndexOf("@"));
  return `${local.replace(/[A-Z]/g, (letter) => letter.toLowerCase())}@${domainOf(email)}`;
}
