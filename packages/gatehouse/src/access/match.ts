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

/** What rules look at of a person, worked out once. */
export interface Facts {
  readonly provider: string;
  /** In the form of the rules. */
  readonly domain: string;
  readonly address: string;
  /** `undefined`: not known. */
  readonly groups: readonly string[] | undefined;
}

export function factsOf({ provider, email, groups }: Pick<Person, "provider" | "email" | "groups">): Facts {
  const domain = domainOf(email);
  return { provider, domain, address: addressOf(email, domain), groups };
}

/**
 * Whether a rule is about a person: `undefined` when it is, else why not. Unknown groups are no member's
 * where a rule allows, and a member's where one denies (V41).
 */
export function missOf({ effect, match }: Rule, facts: Facts): Miss | undefined {
  for (const key of matchKeys) {
    if (match[key] === undefined) continue;
    const fits = fitsKey[key](match, facts);
    if (fits === "unknown") {
      if (effect === "allow") return { key, groupsUnknown: true };
    } else if (!fits) {
      return { key, groupsUnknown: false };
    }
  }
  return undefined;
}

type Fits = boolean | "unknown";

const fitsKey: Readonly<Record<MatchKey, (match: Match, facts: Facts) => Fits>> = {
  everyone: () => true,
  provider: ({ provider = [] }, facts) => provider.includes(facts.provider),
  domain: ({ domain = [] }, facts) => domain.includes(facts.domain),
  address: ({ address = [] }, facts) => address.includes(facts.address),
  group: ({ group = [] }, facts) => fitsGroup(group, facts),
};

function fitsGroup(listed: readonly GroupName[], { provider, groups }: Facts): Fits {
  if (groups === undefined) return listed.some((each) => each.provider === provider) && "unknown";
  return listed.some((each) => each.provider === provider && groups.includes(each.name));
}

/**
 * In the form of the rules. A name that only becomes one of theirs by folding stays as it is, and matches
 * none; an address that is none has no domain.
 */
function domainOf(email: string): string {
  if (!email.includes("@")) return "";
  const plain = email.slice(email.lastIndexOf("@") + 1).toLowerCase();
  if (/^[a-z0-9.-]*$/.test(plain)) return plain; // folding such a one could only make another of it
  const canonical = canonicalHost(plain);
  return canonical !== undefined && domainToUnicode(canonical) === plain ? canonical : plain;
}

/** In lower case as far as ASCII goes: no other letter may turn into one of an address in the rules. */
function addressOf(email: string, domain: string): string {
  const local = email.slice(0, email.lastIndexOf("@"));
  return `${local.replace(/[A-Z]/g, (letter) => letter.toLowerCase())}@${domain}`;
}
